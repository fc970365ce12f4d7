# `make help` lists the targets. All Python lives in .venv; no target touches the site's data.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test clients lint format bench clean programs

# Optional dependencies of `make run`: "training" brings torch, `make run EXTRAS=` does without.
EXTRAS ?= training
BIN := .venv/bin
INSTALLED := .venv/.installed-$(or $(EXTRAS),none)
INSTALLED_FOR_TESTS := .venv/.installed-training,test
# Checks and tests keep what they store apart from the site's data.
CHECK := CHATSITE_DATA_DIR=$(CURDIR)/build/check
# A browser that waits for its turn on a busy machine may come too late: what failed beside all
# others is tried once more by itself, and both results are printed.
AGAIN := { test $$? = 1 && echo "What failed, once more by itself:" && \
	$(BIN)/pytest --last-failed --last-failed-no-failures=none; }
# Other people's clients, which need other versions of what Chatsite is made of.
CLIENTS := .venv-clients
NODE_CLIENT := openai@7.57.0

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: $(INSTALLED) ## Install what is missing and run the site until Ctrl-C
	@exec $(BIN)/python manage.py serve

test: programs lint ## Install what is missing and run every check and test
	@$(MAKE) --no-print-directory clients || echo "Some API clients are not installed. Their tests are skipped."
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder || $(AGAIN)

clients: $(CLIENTS)/.installed ## Install other people's API clients, for their tests

lint: $(INSTALLED_FOR_TESTS) ## Check style, types, import rules and migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(CHECK) $(BIN)/mypy .
	$(BIN)/lint-imports
	$(CHECK) $(BIN)/python manage.py makemigrations --check --dry-run

format: $(INSTALLED_FOR_TESTS) ## Format the code and repair what can be repaired
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(INSTALLED_FOR_TESTS) ## Run every benchmark
	@for file in $$(grep -l __main__ benchmarks/*.py); do \
		echo "== $$file"; $(BIN)/python -m "benchmarks.$$(basename "$$file" .py)"; \
	done

clean: ## Remove what was installed and built, never the data
	rm -rf .venv $(CLIENTS) build *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis

programs:
	@bash .ci/programs

# One stamp for each set of extras; all are out of date when the dependencies change.
.venv/.installed-%: pyproject.toml
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 none; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	test "$$python" != none || { echo "Chatsite needs Python 3.11 or newer." >&2; exit 1; }; \
	test -x $(BIN)/pip || "$$python" -m venv .venv >/dev/null || { \
		echo "Chatsite needs Python's venv module (Debian: apt-get install python3-venv)." >&2; \
		exit 1; \
	}
	@echo "Installing the dependencies; the first time takes a few minutes."
	@$(BIN)/pip install --disable-pip-version-check --quiet --editable ".$(patsubst [none],,[$*])"
	@touch $@ $(if $(findstring test,$*),.venv/.installed-training .venv/.installed-none)

# Not compiled: the tests import less than a tenth of it.
$(CLIENTS)/.installed: tests/clients/requirements.txt Makefile | $(INSTALLED_FOR_TESTS)
	@test -x $(CLIENTS)/bin/pip || $(BIN)/python -m venv $(CLIENTS)
	@echo "Installing other people's API clients."
	@$(CLIENTS)/bin/pip install --disable-pip-version-check --quiet --no-compile -r $<
	@! command -v npm >/dev/null || npm install --silent --no-audit --no-fund --prefix $(CLIENTS) $(NODE_CLIENT)
	@touch $@
