# One way to set up, run and check. Nothing outside .venv is called except $(PYTHON).

PYTHON  ?= python3
WORKERS ?= 2
# Files are begun in the order of pyproject.toml, what takes minutes first.
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

BIN   := .venv/bin
STAMP := .venv/.installed
CODE  := sla_engine projections scenarios benchmarks

.DEFAULT_GOAL := help
.PHONY: help demo run test soak screens check format bench cover lock clean

help: ## Show this list
	@sed -n 's/^\([a-z.]*\):.*## /  make \1	/p' Makefile

.venv: $(STAMP) ## Set up .venv from requirements.lock (every target below does so when needed)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed, and '$(PYTHON)' is not:" >&2; \
	  $(PYTHON) --version >&2; \
	  echo "Name another one:  make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check \
	  --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check \
	  --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## Play the demonstration; fails if anything departs from what it foretells
	$(BIN)/sla-engine demo

PORT ?= 8080
run: $(STAMP) ## Serve API, console and scheduler with demonstration data at PORT (8080)
	$(BIN)/sla-engine serve --demo --port $(PORT)

test: $(STAMP) ## Run every test at reduced size (minutes)
	$(BIN)/python -m pytest $(PARALLEL)

soak: $(STAMP) ## Run every test at full size (hours)
	SOAK=1 $(BIN)/python -m pytest $(PARALLEL)

screens: $(STAMP) ## Take the pictures of the README anew (needs Chromium)
	SHOTS=docs/screens $(BIN)/python -m pytest tests/browser/test_screens.py -k "there_for_everybody"

check: $(STAMP) ## Lint, format, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/lint-imports --no-logo

format: $(STAMP) ## Put the code into the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## Run the benchmarks and print what they found
	$(BIN)/python -m benchmarks

cover: $(STAMP) ## Measure branch coverage of the pure core; fails under 95 %
	$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term-missing

lock: $(STAMP) ## Make requirements.lock again from pyproject.toml (needs a package index)
	$(BIN)/uv pip compile pyproject.toml --extra dev --no-config --upgrade \
	  --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	  --custom-compile-command "make lock" --output-file requirements.lock

clean: ## Remove .venv and everything that was built or cached
	rm -rf .venv .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist htmlcov
	find $(CODE) tests -name __pycache__ -type d -prune -exec rm -rf {} +
