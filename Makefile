# Every target makes what it needs first: a bare machine runs `make demo` or `make test` and nothing else.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q -q
RUN_STAMP := $(VENV)/.run-stamp
DEV_STAMP := $(VENV)/.dev-stamp
SYSTEM := scripts/system-packages
# The vectors of third parties stay outside the tree; tests name the folder when it is absent.
export VITALWIRE_VECTORS ?= $(abspath ../shared/vectors)
# Hundreds of programs are started here: each would compile everything anew, wherever that is asked for.
unexport PYTHONDONTWRITEBYTECODE
# Two a core: many tests wait for a program, a clock or a broker.
PYTEST_WORKERS ?= 4

.PHONY: setup demo demo-check test test-long soak check coverage nightly-bluetooth bench docs deb clean lock

setup: $(RUN_STAMP) ## the virtual environment with the locked run-time packages

$(VENV)/bin/python:
	@$(SYSTEM) venv "$(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements/run.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked packages ..."
	@$(PIP) install --require-hashes -r requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_STAMP): requirements/dev.lock $(RUN_STAMP)
	@echo "Installing the locked packages for development ..."
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(RUN_STAMP) ## the main job, live: devices -> gateway -> cloud -> hospital board and FHIR bundle
	@DATABASE_URL="$(DATABASE_URL)" CAPTURE="$(CAPTURE)" $(BIN)/vitalwire-sim demo $(DEMO_FLAGS)

demo-check: $(RUN_STAMP) ## the same without a person; fails unless the ledger reconciles exactly
	@DATABASE_URL="$(DATABASE_URL)" CAPTURE="$(CAPTURE)" $(BIN)/vitalwire-sim demo --check $(DEMO_FLAGS)

check: $(DEV_STAMP) ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell protocols edge cloud simulators tests docs README.md CHANGELOG.md CONTRIBUTING.md

coverage: $(DEV_STAMP) ## every module of protocols, reached whole by its own tests
	@$(BIN)/python -m tests.own_coverage

# The unit tests of protocols ran under `coverage`; once is enough.
test: check coverage ## check, coverage, then every other test but the long ones
	@$(SYSTEM) test
	@$(BIN)/pytest --ignore tests/unit/protocols -n $(PYTEST_WORKERS) --dist worksteal $(PYTEST_FLAGS)

test-long: $(DEV_STAMP) ## third-party FHIR judges and OAuth clients, how-to pages as written, long fuzz, soak
	@$(SYSTEM) test-long
	@$(BIN)/pytest tests/unit tests/property --hypothesis-profile searching -n $(PYTEST_WORKERS) --dist worksteal $(PYTEST_FLAGS)
	@$(BIN)/pytest --hypothesis-profile searching -m "acceptance or soak or fuzz" --timeout 3600 $(PYTEST_FLAGS)

nightly-bluetooth: $(DEV_STAMP) ## the Bluetooth scenario on a real bluetoothd in a virtual machine (root on Debian)
	@scripts/nightly-bluetooth $(BIN)/python

soak: $(DEV_STAMP) ## a shift of twelve hours in about one, with everything that goes wrong; SOAK_MINUTES=3 for a short one
	@$(BIN)/python -m tests.soak $(SOAK_FLAGS)

bench: $(DEV_STAMP) ## benchmarks, printed as tables; never asserts on time
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

docs: $(DEV_STAMP) ## write docs/reference from the tables the code runs on
	@$(BIN)/python docs/generate.py

lock: $(DEV_STAMP) ## resolve the locks again (needs uv); no index address is written
	@uv pip compile --quiet --extra dev --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11 pyproject.toml -o requirements/dev.lock
	@uv pip compile --quiet --extra edge --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11 -c requirements/dev.lock pyproject.toml -o requirements/edge.lock
	@uv pip compile --quiet --extra edge --extra cloud --extra sim --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11 -c requirements/dev.lock pyproject.toml requirements/build.in -o requirements/run.lock

deb: $(DEV_STAMP) ## the gateway as a Debian package for this machine, in dist/
	@packaging/build-deb dist

clean: ## remove what the other targets made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* demo-data build dist node_modules tests/acceptance/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
