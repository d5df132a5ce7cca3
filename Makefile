# Needs Debian (or alike) with Python 3.11, make and the package index. Every target sets up .venv by itself, once.
#
# Two stamps: `.venv/locked` (the locked packages are in) and `.venv/ready` (the project itself is in, editable).
# Each is written last, so an interrupted set-up is done again by the next call; and packages are only ever installed
# into a new environment, because half an installed package looks like a whole one to an installer.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
# A package of the caller's own shell must not be found before those of .venv; and where a shell forbids bytecode (many containers do),
# each of the many processes of a test run would compile its thousands of modules anew, which takes twice as long as to load them.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
HOME_DIR ?= $(or $(REGULARS_HOME),data)
TIMES ?= 10
LINES ?= 1000000,10000000
# Tests that share a home stay together, on one core.
ON_ALL_CORES := -n auto --dist loadscope
PYTEST_ARGS ?=
DOCS ?= build/docs

# Nothing phones home.
export DAGSTER_DISABLE_TELEMETRY := yes
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

.PHONY: help setup demo docs test test-quick fuzz lint format bench compare lock clean

help:  ## list the targets
	@printf 'Usage: make TARGET\n\n'
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/p' Makefile | expand -t 14

setup: .venv/ready  ## set up .venv (the other targets do it by themselves)

demo: .venv/ready  ## make sample dumps (20 k customers), run the whole street, print what to open
	@if [ ! -d $(HOME_DIR)/inbox ]; then $(BIN)/regulars sample --home $(HOME_DIR); fi
	$(BIN)/regulars run --home $(HOME_DIR)
	printf '\nOpen next\n'
	printf '  %-42s %s\n' '$(HOME_DIR)/exports/latest/' 'the marketing lists, as XLSX, CSV and Parquet' \
		'$(HOME_DIR)/published/warehouse.duckdb' 'the tables, for a BI tool' \
		'$(BIN)/regulars status --home $(HOME_DIR)' 'what ran, what is published' \
		'$(BIN)/regulars dagster --home $(HOME_DIR)' 'every stage and every check, in the browser'

test: .venv/ready  ## pass all tests, quick ones first (PYTEST_ARGS="-k money" for some of them)
	@$(BIN)/python -m pytest $(ON_ALL_CORES) $(PYTEST_ARGS)

test-quick: .venv/ready  ## pass the tests that need neither dbt, Dagster nor real dumps
	@$(BIN)/python -m pytest $(ON_ALL_CORES) -m 'not slow and not real_data' $(PYTEST_ARGS)

fuzz: .venv/ready  ## look for cases that break a rule: new random ones for all rules that hold for every input (TIMES=10)
	@for turn in $$(seq $(TIMES)); do $(BIN)/python -m pytest $(ON_ALL_CORES) -q -m hypothesis --hypothesis-profile new_cases $(PYTEST_ARGS) || exit 1; done

lint: .venv/ready  ## check form (ruff), SQL (sqlfluff), who imports whom (import-linter), types (mypy), Dagster's definitions (dg)
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	if compgen -G 'dbt_project/models/*' >/dev/null; then $(BIN)/sqlfluff lint --processes 2 dbt_project; fi
	$(BIN)/lint-imports
	$(BIN)/mypy
	VIRTUAL_ENV=$(CURDIR)/.venv REGULARS_HOME=$(CURDIR)/.venv/empty-home $(BIN)/dg check defs

format: .venv/ready  ## bring Python and SQL into form
	@$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	if compgen -G 'dbt_project/models/*' >/dev/null; then $(BIN)/sqlfluff fix --processes 2 dbt_project; fi

bench: .venv/ready  ## seconds per stage, memory, rows per second, next to the floor (LINES=1000000,10000000)
	@$(BIN)/python -m tests.benchmarks.bench --lines $(LINES)
	$(BIN)/python -m tests.benchmarks.scores
	$(BIN)/python -m tests.benchmarks.exports
	$(BIN)/python -m tests.benchmarks.inspect

# Parsed, not compiled: neither a home nor a warehouse is needed, and contracts tell columns and types.
docs: .venv/ready  ## build the site of tables, columns, rules and lineage: one page to open from disk, build/docs/index.html
	@mkdir -p $(DOCS)
	export REGULARS_WAREHOUSE=$(abspath $(DOCS))/warehouse.duckdb REGULARS_WORKING=$(abspath $(DOCS))/working.duckdb
	places='--project-dir dbt_project --profiles-dir dbt_project --target-path $(abspath $(DOCS))/target --log-path $(abspath $(DOCS))/logs'
	$(BIN)/dbt --quiet parse $$places
	$(BIN)/dbt --quiet docs generate --static --no-compile --empty-catalog $$places
	mv $(DOCS)/target/static_index.html $(DOCS)/index.html
	rm -rf $(DOCS)/target $(DOCS)/logs $(DOCS)/*.duckdb
	echo 'Open $(DOCS)/index.html'

compare: .venv/ready  ## say whether two homes publish the same rows (A=one/home B=another/home)
	@$(BIN)/python -m tests.compare_homes '$(A)' '$(B)'

lock:  ## compile requirements.lock anew from pyproject.toml (needs uv; LOCK_ARGS=--upgrade for newer versions)
	@command -v uv >/dev/null || { echo 'make lock needs uv on PATH: pipx install uv' >&2; exit 1; }
	uv pip compile pyproject.toml --quiet --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-strip-extras --no-emit-index-url --no-emit-find-links $(LOCK_ARGS) --output-file requirements.lock

clean:  ## remove what the targets made, but for the data home: .venv, caches, build leftovers
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info build dbt_project/target dbt_project/logs logs
	find . -name __pycache__ -type d -not -path './$(HOME_DIR)/*' -prune -exec rm -rf {} +

# uv where it is at hand, else pip: same lock, same hashes. Only wheels: building a package would fetch build tools that no hash covers.
.venv/locked: requirements.lock
	@python=$$(command -v python3.11 || command -v python3.12 || command -v python3 || true)
	if [ -z "$$python" ] || ! "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))'; then
		echo 'Regulars needs Python 3.11 or 3.12, and found none on PATH. On Debian: apt-get install python3.11 python3.11-venv' >&2
		exit 1
	fi
	uv --version >/dev/null 2>&1 && uv=yes || uv=
	if [ -z "$$uv" ] && ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
		echo "$$python cannot make virtual environments: its venv or ensurepip module is missing. On Debian: apt-get install python3-venv" >&2
		exit 1
	fi
	echo "Setting up .venv with $$("$$python" --version) (once; a minute or two) ..."
	rm -rf .venv
	if [ -n "$$uv" ]; then
		uv venv --quiet --no-python-downloads --python "$$python" .venv
		uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --no-build -r requirements.lock
	else
		"$$python" -m venv .venv
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	fi
	touch $@

.venv/ready: .venv/locked pyproject.toml
	@if [ -x $(BIN)/pip ]; then
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	else
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	fi
	touch $@
