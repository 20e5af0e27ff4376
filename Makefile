# The developer's manual: make setup, demo, test, check, evaluate, fuzz, survive, bench, wheel, lock, clean.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_BIN := $(shell command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 && echo system || echo $(abspath $(BIN)))
FRONT := src/tecolote/web/frontend
BUILT := src/tecolote/web/static/built
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --require-hashes --no-deps
SERVE ?= 1
DEMO ?= demo-case
SECONDS_OF = @$(PYTHON) -c "import subprocess,sys,time; t=time.time(); c=subprocess.call(sys.argv[2:]); print('%7.1f s  %s' % (time.time()-t, sys.argv[1]), file=sys.stderr); sys.exit(c)"

.PHONY: setup demo test check evaluate fuzz survive bench wheel lock clean

setup: $(VENV)/installed $(BUILT)/.done

$(VENV)/python:
	@$(PYTHON) -c "import sys; sys.exit(0 if (3,11)<=sys.version_info[:2]<=(3,13) else 'Tecolote needs Python 3.11 to 3.13; run: make PYTHON=python3.12 setup')"
	$(SECONDS_OF) "make .venv" $(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/python locks/main.txt pyproject.toml
	$(SECONDS_OF) "install the locked packages" $(PIP) -r locks/main.txt
	$(SECONDS_OF) "install tecolote" $(BIN)/python -m pip --disable-pip-version-check install -qq --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/node: $(VENV)/installed locks/node.txt
ifneq ($(NODE_BIN),system)
	$(SECONDS_OF) "install node from a Python package" $(PIP) -r locks/node.txt
endif
	@touch $@

$(BUILT)/.done: $(VENV)/node $(FRONT)/package-lock.json $(wildcard $(FRONT)/src/*) $(wildcard $(FRONT)/*.*)
	$(SECONDS_OF) "install the front end's packages" env PATH="$(abspath $(BIN)):$$PATH" npm --prefix $(FRONT) ci --no-audit --no-fund --silent
	$(SECONDS_OF) "build the front end" env PATH="$(abspath $(BIN)):$$PATH" npm --prefix $(FRONT) run --silent build
ifneq ($(NODE_BIN),system)
	@# Nothing that is built needs node any more, and it is a fifth of all that is installed.
	@$(BIN)/python -m pip --disable-pip-version-check uninstall -qq -y $$(sed -n 's/^\(nodejs[a-z-]*\)==.*/\1/p' locks/node.txt)
endif
	@touch $@

demo: setup
	$(SECONDS_OF) "demo: write, import, analyze, report" $(BIN)/tecolote demo --out $(DEMO)
ifeq ($(SERVE),1)
	$(BIN)/tecolote serve --case $(DEMO)/case
endif

$(VENV)/dev: $(VENV)/installed locks/dev.txt
	$(SECONDS_OF) "install the test tools" $(PIP) -r locks/dev.txt
	@touch $@

# PySpark comes as a source archive: it is built with the locked tools, never with what an index holds today.
$(VENV)/spark: $(VENV)/dev locks/spark.txt
	$(SECONDS_OF) "install the distributed engine" $(PIP) --no-build-isolation -r locks/spark.txt
	@touch $@

# The tests of the front end need node again.
$(VENV)/dev-node: $(VENV)/dev $(BUILT)/.done locks/node.txt
ifneq ($(NODE_BIN),system)
	$(SECONDS_OF) "install node from a Python package" $(PIP) -r locks/node.txt
endif
	@touch $@

test: setup $(VENV)/dev $(VENV)/dev-node $(VENV)/spark
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(PYTEST)

check: setup $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

evaluate: setup
	$(BIN)/python -m tecolote.signals.evaluate $(if $(TECOLOTE_DATA),--data $(TECOLOTE_DATA)) $(EVALUATE)
	$(BIN)/python -m bench.planted --scale 0.3

# A million executions over all readers; less with FUZZ="--seconds 600" or FUZZ="--reader telegram".
fuzz: setup $(VENV)/dev
	$(BIN)/python -m tests.fuzz.run $(or $(FUZZ),--executions 1000000 --jobs 2)

# The long proofs of the evidence: 20,000 states after a power cut, faults at every call with 500 kills, 10,000 flips.
survive: setup $(VENV)/dev
	$(BIN)/python -m tests.evidence.durability.cuts --states 20000 --planted 400
	$(BIN)/python -m tests.evidence.durability.faults
	$(BIN)/python -m tests.evidence.durability.tamper

bench: setup
	$(BIN)/python -m bench.run $(BENCH)

wheel: setup
	$(BIN)/python -m hatchling build -t wheel -d dist

lock: $(VENV)/dev
	cd locks && for f in main dev spark encoder node bench; do ../$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --no-header -o $$f.txt $$f.in; done

clean:
	rm -rf $(VENV) $(BUILT) $(FRONT)/node_modules $(DEMO) dist
