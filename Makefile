PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PLOTTING := $(VENV)/.plotting

.DEFAULT_GOAL := help

.PHONY: help
help: ## Print this help
	@echo "make <target>, with PYTHON=<interpreter> for another one than python3:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(INSTALLED) ## Create .venv and install what is locked into it

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "antar needs Python 3.11 or later; name one by PYTHON=python3.x" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make environments: install its venv and ensurepip (on Debian and Ubuntu: python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.PHONY: run
run: $(INSTALLED) ## Start everything on this machine, send a demo message, serve until Ctrl-C
	@$(BIN)/antar up

.PHONY: test
test: $(INSTALLED) ## Run all tests, in two processes that have a stack each
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: check
check: $(INSTALLED) ## Lint, check the format, the types and the imports, and audit what is locked
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m tests.audit $(AUDIT)

.PHONY: audit
audit: $(INSTALLED) ## Ask for known vulnerabilities of what is locked; AUDIT=required fails where nobody can be asked
	@$(BIN)/python -m tests.audit $(AUDIT)

.PHONY: format
format: $(INSTALLED) ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(PLOTTING) ## Measure throughput and latency on this machine; BENCH="--quick --only intake" for a part
	$(BIN)/python -m tests.bench $(BENCH)

$(PLOTTING): $(INSTALLED) requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

.PHONY: faults
faults: $(INSTALLED) ## Run the tests that kill processes and cut connections; FAULTS_DIR=<folder> keeps their figures
	$(BIN)/python -m pytest tests/faults

.PHONY: engines
engines: $(INSTALLED) ## Run the acceptance tests on other servers; ENGINE=<valkey, sentinel, pgbouncer or rabbitmq> for one
	$(BIN)/python -m tests.engines $(ENGINE)

.PHONY: docs
docs: $(INSTALLED) ## Write the README's tables of settings and of reason codes from the code
	$(BIN)/python -m deploy.docs

.PHONY: lock
lock: ## Lock what pyproject.toml asks for (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate -o requirements.lock
	uv pip compile pyproject.toml --constraint requirements.lock --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate -o requirements-production.lock
	uv pip compile --group pyproject.toml:build --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate -o requirements-build.lock
	uv pip compile --group pyproject.toml:bench --constraint requirements.lock --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate -o requirements-bench.lock

.PHONY: clean
clean: ## Remove the environment and the caches; the state of the local stack stays in .antar
	rm -rf $(VENV) build *.egg-info .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
