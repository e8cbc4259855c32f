# make run: start the app. make test: everything that CI checks.

PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check browser clean

run: $(VENV)/run.stamp
	@echo "Encore is at http://localhost:$(PORT)"
	@$(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.headless true

test: $(VENV)/test.stamp browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	$(BIN)/python -m pytest

browser: $(VENV)/test.stamp
	@$(BIN)/python tests/browser/chromium.py

# A stamp is newer than what it was made from: nothing is installed again until that changes.
$(VENV)/run.stamp: requirements.txt constraints.txt $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/test.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

$(VENV)/bin/python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version)"; \
	    $$python -m venv $(VENV) && exit 0; \
	  fi; \
	done; \
	echo "Encore needs Python 3.11, 3.12 or 3.13 with its venv module (Debian: apt-get install python3-venv)." >&2; \
	echo "If it has another name, say: make run PYTHON=/path/to/python" >&2; \
	exit 1

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis static/plotly-*
