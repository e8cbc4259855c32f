# make run: start the app. make check: all that needs no browser. make test: everything that CI checks.

PORT ?= 8501
ADDRESS ?= localhost
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --no-input

# True of a Python that Encore runs on and that can make a virtual environment.
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
# `stale` if there is no .venv, or one that was left half made, or whose Python is gone or does not suit.
STALE := $(shell $(VENV)/bin/python -c 'import pip; $(SUITS)' >/dev/null 2>&1 || echo stale)

.PHONY: run check test lint units test-spark test-cluster fuzz browser screens sample-map benchmark benchmark-quality sbom lock \
  clean stale

run: $(VENV)/run.stamp
	@echo "Starting Encore at http://$(ADDRESS):$(PORT) (Ctrl-C stops it)"
	@$(VENV)/bin/python -m streamlit run app.py --server.port "$(PORT)" --server.address "$(ADDRESS)" \
	  --server.headless true || { code=$$?; test $$code -ne 1 || \
	  echo "Encore did not start. If the port is taken, choose another: make run PORT=8502" >&2; exit $$code; }

# As many processes as processors, up to four, each with its own server and browser; one that is done takes tests from another.
# Compiled bytecode is kept, whatever the environment says: tests start Python a hundred times.
PYTEST := PYTHONDONTWRITEBYTECODE= OPENBLAS_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n auto --maxprocesses 4 --dist worksteal

check: $(VENV)/test.stamp
	@$(MAKE) --no-print-directory -j 2 lint units  # mypy has one process: the other processor begins with the tests

units: $(VENV)/test.stamp
	$(PYTEST) --ignore tests/browser

test: browser lint
	$(VENV)/bin/python tests/project/audit.py
	$(PYTEST)

lint: $(VENV)/test.stamp
	$(VENV)/bin/python -m ruff check .
	$(VENV)/bin/python -m ruff format --check .
	$(VENV)/bin/python -m mypy
	PYTHONPATH=. $(VENV)/bin/python $(VENV)/bin/lint-imports --no-logo

# The same properties as tests/robustness/test_fuzzing.py, with INPUTS of them each; about half an hour.
INPUTS ?= 20000
fuzz: $(VENV)/test.stamp
	PYTHONPATH=. OPENBLAS_NUM_THREADS=1 nice -n 19 $(VENV)/bin/python -m tests.robustness.fuzz $(INPUTS)

# What the app installs, as a bill of materials for a release.
sbom: $(VENV)/test.stamp
	@$(VENV)/bin/python -m tests.project.sbom

# What the container installs, each file by its hash; `pip install uv` first.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  -c constraints.txt requirements-signin.txt -o deploy/requirements.lock

# The pictures in the README.
screens: browser
	PYTHONPATH=. $(VENV)/bin/python -m tests.browser.take_screens

# The layout of the sample's map, after a change of the sample or of the recommended model.
sample-map: $(VENV)/test.stamp
	PYTHONPATH=. $(VENV)/bin/python -m tests.analysis.test_stored_map

# Speed beside LIBMF, Cornac and Surprise; writes benchmarks/speed.json and the README's table.
benchmark: $(VENV)/benchmark.stamp
	OPENBLAS_NUM_THREADS=1 RECSYS_THREADS=1 $(VENV)/bin/python -m benchmarks.speed

# What needs Apache Spark and Java 17 or newer; Spark is some 500 MB, so `make test` skips these tests.
test-spark: $(VENV)/spark.stamp
	$(PYTEST) tests/scale/test_spark.py

# The same on a standalone cluster of a master and two workers, which are killed midway; some minutes.
test-cluster: $(VENV)/spark.stamp
	$(VENV)/bin/python -m pytest -m cluster tests/scale/test_spark_cluster.py

# Quality beside ALS, BPR, EASE and others; writes benchmarks/quality.json and the README's table. With DATA=FOLDER
# on every CSV file of a folder; writes benchmarks/quality_folder.json and its tables.
benchmark-quality: $(VENV)/benchmark.stamp
	OPENBLAS_NUM_THREADS=1 RECSYS_THREADS=1 $(VENV)/bin/python -m benchmarks.$(if $(DATA),quality_folder "$(DATA)",quality)

browser: $(VENV)/test.stamp
	@$(VENV)/bin/python tests/browser/chromium.py

# A stamp is newer than what it was made from: nothing is installed again until that changes.
$(VENV)/run.stamp: requirements.txt constraints.txt $(STALE)
	@echo "Installing what the app needs into $(VENV): a minute or two, once."
	@$(PIP) install --quiet -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/test.stamp: requirements-dev.txt requirements-signin.txt $(VENV)/run.stamp
	@echo "Installing what the tests need into $(VENV)."
	@$(PIP) install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@

$(VENV)/benchmark.stamp: requirements-benchmark.txt $(VENV)/run.stamp
	@echo "Installing what the benchmarks compare with into $(VENV)."
	@$(PIP) install --quiet -r requirements-benchmark.txt -c constraints.txt
	@touch $@

$(VENV)/spark.stamp: requirements-spark.txt $(VENV)/test.stamp
	@echo "Installing Apache Spark into $(VENV)."
	@$(PIP) install --quiet -r requirements-spark.txt -c constraints.txt
	@touch $@

# A Python is tried, not only looked for: a pyenv shim can exist and yet run nothing.
stale:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if "$$python" -c '$(SUITS)' >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$("$$python" --version)."; \
	    rm -rf $(VENV); \
	    exec "$$python" -m venv $(VENV); \
	  fi; \
	done; \
	echo "Encore needs Python 3.11, 3.12 or 3.13 with its venv module (Debian: apt-get install python3-venv)." >&2; \
	echo "If it has another name, say: make run PYTHON=/path/to/python" >&2; \
	exit 1

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis static/plotly-*
