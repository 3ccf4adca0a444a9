# `make help` lists what there is. Works with GNU make 3.81 and newer.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

# What was installed, and when: a stamp older than its requirements is made again.
CREATED := $(VENV)/.created
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

# A virtual environment whose Python is gone (system upgraded) is made again.
ifeq ($(shell $(PY) -c "" 2>/dev/null && echo works),)
.PHONY: $(CREATED)
endif

# Real digits for the tests where a neighbouring folder has them, unless the caller chose a folder.
ifeq ($(strip $(VAE_DATA)),)
ifneq ($(wildcard ../shared/data/MNIST),)
TEST_DATA := VAE_DATA="$(abspath ../shared/data)"
endif
endif

.PHONY: run test check lint lint-js format pytest kernels clean help

run: $(INSTALLED) ## install what is missing, try to fetch MNIST, open the app
	@$(PY) -c "import sys; from vae.data import datasets; sys.exit(not datasets.info('mnist').on_this_machine())" \
	  || $(PY) scripts/best_effort.py 60 "Fetching MNIST (11 MB)" $(PY) -m vae fetch mnist
	$(PY) -m streamlit run app.py

test: lint pytest ## lint, types and every test, browser included; ARGS="tests/ui -k words" runs some of them

check: lint ## for the daily round: lint, types and the tests that need no browser
	$(PYTEST) --ignore tests/browser $(ARGS)

lint: $(INSTALLED_DEV) lint-js ## ruff, mypy and Biome
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

lint-js: ## Biome alone: the JavaScript's linter
	$(call biome,check)

format: $(INSTALLED_DEV) ## write the code as the linters want it
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .
	$(call biome,check --write)

# The app needs no Node. Where it or npm's registry is missing, a note takes the place of the check.
define biome
	@if ! command -v node >/dev/null || ! command -v npm >/dev/null; then \
	  echo "The JavaScript is not checked: there is no Node with npm here."; \
	elif test ! node_modules/.package-lock.json -nt package-lock.json && \
	  ! npm ci --no-fund --no-audit --fetch-retries=1 --fetch-timeout=20000 --loglevel=error; then \
	  echo "The JavaScript is not checked: npm could not install Biome."; \
	else node_modules/.bin/biome $(1); fi
endef

# Two at a time, each file in one process; one thread each, so that they don't fight for the cores. Files start in the
# order of tests/conftest.py. Bytecode is kept, whatever the environment says: tests start many processes of Python.
PYTEST = $(TEST_DATA) OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

pytest: $(INSTALLED_DEV) ## the tests alone; ARGS as above
	chromium=$$($(PY) -m tests.browser.drive.chromium) && CHROMIUM="$$chromium" $(PYTEST) $(ARGS)

kernels: ## build the browser's WebAssembly from kernels.c again; needs clang and lld
	$(PYTHON) -m scripts.kernels

clean: ## remove the environment and caches; data, checkpoints, runs and derived files stay
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache test-output build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 ## /p' $(MAKEFILE_LIST) | awk -F ' ## ' '{ printf "make %-8s %s\n", $$1, $$2 }'

$(CREATED):
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another one: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# The project itself, which reads requirements.txt: then `vae` is a command in .venv/bin, too.
$(INSTALLED): requirements.txt pyproject.toml $(CREATED)
	@echo "Installing requirements.txt into $(VENV): about two minutes, most of it PyTorch."
	$(PY) -m pip install --disable-pip-version-check -e .
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	$(PY) -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@
