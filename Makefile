# Everything a newcomer runs. Each target sets up what it needs, and can be stopped and started again at any time.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin

.PHONY: demo test test-kubernetes faults faults-all lint format setup engine bench clean help
.DEFAULT_GOAL := help

help:
	@echo 'make demo    set up, then plan, apply, burst, tear down and destroy blueprints/quickstart locally'
	@echo 'make test    set up, lint, and run all tests'
	@echo 'make test-kubernetes  the part of them that runs a real Kubernetes control plane, built from Go modules first'
	@echo 'make faults  play the dead-man table: bursts killed at each step, one brake alone; make faults-all: at every engine event, too'
	@echo 'make lint    ruff and mypy'
	@echo 'make format  let ruff put the code in order'
	@echo 'make bench   the figures, as ratios measured in one run'
	@echo 'make engine  get the Pulumi engine into the cache'
	@echo 'make clean   remove what the other targets made, but for the cached engine'

setup:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11'; exit 1; }
	@$(PYTHON) scripts/setup.py

engine: setup
	@$(BIN)/tideform doctor --install

demo: engine
	@scripts/demo.sh

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy src stacks tests

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

test: engine
	@$(BIN)/python scripts/test.py

test-kubernetes: engine
	@$(BIN)/python -m tests.kubernetes.build
	@$(BIN)/pytest -m kubernetes tests/kubernetes -s --durations=5
	@$(BIN)/python -u -m tests.faults.dead_man --sample 1 --fault killed --backend eks

faults: engine
	@$(BIN)/python -u -m tests.faults.dead_man --out docs/reference/dead-man.md

faults-all: engine
	@$(BIN)/python -u -m tests.faults.dead_man --all --out docs/reference/dead-man.md

bench: engine
	@$(BIN)/pytest -m bench -s

clean:
	rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
