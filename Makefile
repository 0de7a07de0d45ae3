PYTHON ?= python3
SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE  # only the first import of aws_cdk is slow
RUN := .venv/bin/python -m
COMPILE := $(RUN) local.setup pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes \
  --no-emit-index-url --no-header

NAME_ONE = Pass one: make $(MAKECMDGOALS) PYTHON=/path/to/python3
TEMPLATE = dist/$(SERVICE)-sending-role.template.yaml
NEEDS_MORE = compliance decisions synthesis_cost
LOWEST := tests/constructs $(NEEDS_MORE:%=--ignore=tests/constructs/test_%.py)

.DEFAULT_GOAL := help
.PHONY: help deploy-local test coverage test-lowest typing lint format bench docs template dist lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deploy-local: .venv/ready  ## Deploy the example app, for SERVICE (default: pinpoint), to an AWS emulator
	@$(RUN) local.deploy "$(SERVICE)"

test: .venv/ready  ## Run all tests
	@$(RUN) pytest --durations=15 --durations-min=1

coverage: .venv/ready  ## Run all tests and measure what they cover (half as long again)
	@$(RUN) pytest --cov

test-lowest: .venv/ready  ## Run the tests of synthesis with the lowest versions that pyproject.toml allows
	@"$(PYTHON)" -m venv --clear --without-pip .venv-lowest
	@$(RUN) local.setup pip install --quiet --python .venv-lowest --resolution lowest-direct ".[verify]"
	@$(RUN) local.setup pip install --quiet --python .venv-lowest hypothesis pytest syrupy
	@.venv-lowest/bin/python -m pytest -o addopts= $(LOWEST)

typing: .venv/ready  ## Check the samples of users' code with mypy too (a minute: it reads all of aws_cdk)
	@$(RUN) pytest -n 0 -m mypy tests/repository/test_typing.py

lint: .venv/ready  ## Check style and types
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) pyrefly check --summary=none

format: .venv/ready  ## Format the code and fix what can be fixed
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

bench: .venv/ready  ## Measure what the construct costs at synthesis (six minutes)
	@$(RUN) benchmarks

docs: .venv-docs/ready  ## Build the site of the guide and the API reference, site/index.html
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs --quiet build --strict
	@echo site/index.html

template: .venv/ready  ## Write the role of SERVICE as a CloudFormation template for every account
	@$(RUN) template "$(SERVICE)" "$(TEMPLATE)"

dist: .venv/ready  ## Build the sdist and the wheel, and check them
	@rm -f dist/*.whl dist/*.tar.gz
	@$(RUN) build --no-isolation
	@$(RUN) twine check --strict dist/*.whl dist/*.tar.gz

lock: .venv/ready  ## Lock the newest allowed development dependencies
	@$(COMPILE) --group dev --all-extras --output-file requirements-dev.txt pyproject.toml
	@$(COMPILE) --group docs --output-file requirements-docs.txt

clean:  ## Remove all that these targets made
	rm -rf .venv .venv-docs .venv-lowest node_modules cdk.out dist site .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/ready: export PATH := $(SYSTEM_PATH)
.venv/ready: requirements-dev.txt pyproject.toml package-lock.json
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no program '$(PYTHON)'. $(NAME_ONE)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "'$(PYTHON)' is not Python 3.10 or newer. $(NAME_ONE)" >&2; exit 1; }
	@"$(PYTHON)" local/setup.py
	@touch .venv/ready

.venv-docs/ready: requirements-docs.txt | .venv/ready
	@"$(PYTHON)" -m venv --clear --without-pip .venv-docs
	@$(RUN) local.setup pip install --quiet --python .venv-docs --no-deps --require-hashes -r requirements-docs.txt
	@touch .venv-docs/ready
