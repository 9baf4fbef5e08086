# Randebu. `make` or `make help` lists what can be done; another Python: make PYTHON=python3.12 …

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)
ENGINE := $(wildcard bot/trading/*.py)

.DEFAULT_GOAL := help
.PHONY: help chat run test fast check bench faults format lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

chat: $(VENV)/engine ## set up what is needed and chat in the terminal
	@$(BIN)/randebu chat

run: $(VENV)/engine ## set up what is needed and serve the chat platforms
	@$(BIN)/randebu run

test: check ## set up, then every check and every test
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not faults"

fast: $(VENV)/developer ## the tests, without the slow ones
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not slow and not faults"

check: $(VENV)/developer $(VENV)/engine ## lint, formatting, types and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/developer $(VENV)/engine ## measure what must be fast
	$(BIN)/python -m benchmarks

faults: $(VENV)/developer $(VENV)/engine ## kill it at many moments and look whether anything was lost or done twice
	$(BIN)/python -m pytest -m faults

format: $(VENV)/developer ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/developer ## lock the versions again; newer ones with UPGRADE=--upgrade
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) --group build --output-file requirements-build.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements.txt --constraint requirements-build.txt \
		--output-file requirements-dev.txt

clean: ## remove the environment and everything that was built, but no data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find adapters bot storage tests -name __pycache__ -prune -exec rm -rf {} +

# The files in .venv without an ending are stamps: each stands for a finished step and is made again when its inputs change.
$(VENV)/python:
	@for python in $(or $(PYTHON),python3.11 python3.12 python3.13 python3.14 python3); do \
		if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then \
			$$python -m venv --clear $(VENV) && touch $@ && exit 0; exit 1; \
		fi; \
	done; \
	echo "Randebu needs Python 3.11 to 3.14: install one, or name it with make PYTHON=/path/to/python3.11." >&2; exit 1

$(VENV)/locked: $(VENV)/python requirements.txt requirements-build.txt
	@echo "Setting up the environment in $(VENV) …"
	@$(PIP) install -qq --require-hashes -r requirements.txt -r requirements-build.txt
	@touch $@

$(VENV)/project: $(VENV)/locked pyproject.toml
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/developer: $(VENV)/project requirements-dev.txt
	@echo "Setting up the tools for development …"
	@$(PIP) install -qq --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/engine: $(VENV)/project $(ENGINE)
	@echo "Compiling the engine …"
	@$(BIN)/randebu prepare
	@touch $@
