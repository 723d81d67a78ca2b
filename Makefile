# The targets people and CI call. What they do stands in ops/; a target has at most three lines.
PYTHON ?= python3
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev tools fmt lint test test-fast test-long bench bench-million eval docs sources-table migrate lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## start everything on this machine, until Ctrl-C (DATA_DIR, PORT, DEMO=0)
	@.venv/bin/python -m research_api.local run

setup: ## make .venv with the locked packages that the service needs
	@ops/setup.sh runtime

setup-dev: ## the same, and what tests and linters need
	@ops/setup.sh dev

tools: ## install what tests need and only apt has (as root)
	@ops/tools.sh

fmt: setup-dev ## format the code
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format --quiet .

lint: setup-dev ## style, types, layers, shell scripts
	@ops/lint.sh

test: lint ## lint, then all tests but the long ones; ends with the list of skips
	@.venv/bin/python -m pytest -m "not long"

test-fast: setup-dev ## tests that need no server and take under a second, under a minute in all
	@.venv/bin/python -m pytest -m "not long and not services and not slow"

test-long: lint ## lint, then every test
	@.venv/bin/python -m pytest

bench: setup-dev ## measure latency, memory and throughput, of the catalog and of asking many sources
	@.venv/bin/python -m ops.bench; of_catalog=$$?; .venv/bin/python -m ops.bench.federation && exit $$of_catalog

bench-million: setup-dev ## the same over a million works; takes about an hour (WORKS, TRUE_VECTORS)
	@.venv/bin/python -m ops.bench.million

eval: setup-dev ## measure ranking over the judged collections of a folder (COLLECTIONS=DIR, JSON=FILE)
	@.venv/bin/python -m ops.eval

docs: setup ## write docs/api.md from the OpenAPI document
	@.venv/bin/python -m ops.api_reference

sources-table: setup-dev ## write docs/sources.md from the modules of the sources and recorded answers
	@.venv/bin/python -m ops.sources_table

migrate: setup ## bring the tables of DATABASE_URL up to date
	@.venv/bin/python -m flask --app research_api.app db upgrade

lock: ## renew requirements/*.lock (UPGRADE=1 takes the newest versions)
	@ops/lock.sh
