# Everything a day's work needs. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help setup build up down reset logs demo test faults soak check bench identity-bench train otp-report load scale \
	fmt lock deploy

PY := .venv/bin/python
STAGE ?= dev
CODE = $(wildcard layers/rapport functions local tests benchmarks tools)

help: ## Show this list
	@printf 'Rapport: one command starts the whole product on this machine, no AWS account needed.\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nNew here? make up, then make demo.\n'

setup: ## Install what the project needs into .venv and .local/venv (once; nothing global)
	@local/setup.sh

build: setup ## Build functions and layers for this machine, byte code included
	@$(PY) -m local.build

up: setup ## Start the local cloud, deploy the product on it, follow its logs
	@$(PY) -m local.up

down: ## Stop it; its data is gone
	@if [ -x $(PY) ]; then $(PY) -m local.down; fi

reset: setup ## Start afresh: empty, newly deployed
	@$(PY) -m local.up --fresh

logs: ## Follow the functions of the running stack
	@$(PY) -m local.logs

demo: setup ## Watch the stories happen on the running stack
	@$(PY) -m local.demo

test: setup ## Run the tests, the whole stack among them
	@$(PY) -m pytest -n 2 --dist loadgroup -m "not stack" $(ARGS)
	@$(PY) -m pytest -m stack $(ARGS)

check: setup ## What CI holds: format, lint, types, architecture, template, drift, then the tests
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy $(CODE)
	@PYTHONPATH=layers/rapport .venv/bin/lint-imports --no-cache --no-logo
	@.venv/bin/cfn-lint template.yaml
	@AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 .local/venv/bin/sam validate --lint
	@$(PY) -m tools.openapi --check
	@$(PY) -m tools.catalogue --check
	@$(MAKE) --no-print-directory test

bench: setup ## Measure against the numbers we hold
	@$(PY) -m benchmarks $(ARGS)

IDENTITY_DATA ?= ../shared/identity

identity-bench: setup ## Measure identity on generated data, and on that of IDENTITY_DATA where it exists
	@$(PY) -m benchmarks.identity generated
	@$(PY) -m benchmarks.identity speed $(ARGS)
	@if [ -d "$(IDENTITY_DATA)/data" ]; then $(PY) -m benchmarks.identity report "$(IDENTITY_DATA)" --write; fi

train: setup ## Learn a matching model without labels: DATA=table.csv FIELDS=fields.json OUT=model.json
	@$(PY) -m benchmarks.identity train "$(DATA)" --fields "$(FIELDS)" --out "$(OUT)"

fmt: setup ## Format and mend what can be mended by itself
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format --quiet .

lock: setup ## Resolve the dependencies anew and pin them with hashes (UPGRADE=1: to the latest)
	@local/lock.sh $(if $(UPGRADE),--upgrade)

deploy: setup ## Build for Lambda and deploy to your AWS account (STAGE=dev, staging or prod)
	@$(PY) -m local.build --for-aws $(if $(RUNTIME),--runtime $(RUNTIME)) $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))
	@$(PY) -m local.build --for-aws $(if $(RUNTIME),--runtime $(RUNTIME)) $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE)) --verify
	@.local/venv/bin/sam deploy --config-env $(STAGE)$(if $(RUNTIME)$(ARCHITECTURE), --parameter-overrides Stage=$(STAGE)$(if $(RUNTIME), Runtime=$(RUNTIME))$(if $(ARCHITECTURE), Architecture=$(ARCHITECTURE)))

faults: setup ## Hurt every call of every story once in every way; the end must stay the same
	@PYTHONPATH=layers/rapport $(PY) -m tests.faults $(ARGS)

load: setup ## Put load on the running stack and recount (ARGS="burst", ARGS=--small)
	@PYTHONPATH=layers/rapport $(PY) -m benchmarks.load $(ARGS)

scale: setup ## Compute docs/scale.md anew: what a year needs, what binds first, what it costs
	@PYTHONPATH=layers/rapport $(PY) -m benchmarks.planner --write $(ARGS)

otp-report: setup ## Live through pumping attacks and honest weeks: what codes cost, and who loses one
	@PYTHONPATH=layers/rapport $(PY) -m benchmarks.otp_report $(ARGS)

soak: setup ## Live through seeded worlds under virtual time: SEEDS=n small ones, or LONG=1
	@PYTHONPATH=layers/rapport $(PY) -m tests.simulation $(if $(LONG),--long --seed $(or $(SEED),1),--seeds $(or $(SEEDS),200)) $(ARGS)
