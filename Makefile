# ferrauth: everything a newcomer or CI types. `make` alone lists it.
PYTHON ?= python3
PORT ?= 8000
# Arguments of the program behind a target, for example: make demo ARGS=--once
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
VENV6 := .venv-django6
# Cargo runs with the release profile throughout: one profile compiles the signature library once, and tests that
# derive real keys want the optimiser.
RUST := $(shell find src -name '*.rs') Cargo.toml Cargo.lock pyproject.toml
PY := $(shell find python -name '*.py' -o -name '*.pyi' -o -name py.typed)

.DEFAULT_GOAL := help
.PHONY: help build demo demo-fastapi test test-rust test-python test-django6 lint faults bench timing test-ninja-oldest clean

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

# Stamps: a rule runs again only when what it depends on has changed.
$(VENV)/.made:
	@tools/check-machine.sh $(PYTHON)
	@echo "Making $(VENV) ..."
	@tools/make-venv.sh $(PYTHON) $(VENV)
	@touch $@

$(VENV)/.demo: pyproject.toml $(VENV)/.made
	$(BIN)/python -m pip install --quiet --group demo --group build
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.made
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(VENV)/.built: $(RUST) $(VENV)/.demo
	@tools/check-machine.sh $(PYTHON)
	@echo "Building the Rust core in release mode (a minute or two the first time) ..."
	$(BIN)/maturin develop --release --locked --quiet --group build
	@touch $@

build: $(VENV)/.built ## Build the Rust core into .venv, in release mode

demo: build ## Start the example on PORT (8000) and log in to it; ARGS=--once ends after the play
	@$(BIN)/python tools/demo.py --port $(PORT) $(ARGS)

demo-fastapi: build ## Start Django and FastAPI on one SQLite file, on PORT (8000) and the next; ARGS=--once ends after the play
	@$(BIN)/python -m tools.demo_fastapi --port $(PORT) $(ARGS)

test: test-rust test-python test-django6 lint ## Run all tests, types and lint

test-rust: $(VENV)/.made ## Run the core's tests, which need no interpreter
	cargo test --locked --release --no-default-features

test-python: build $(VENV)/.dev ## Run the Python tests
	$(BIN)/python -m pytest $(ARGS)

# Django 6 needs Python 3.12. The wheel is the same: abi3.
$(VENV6)/.made: pyproject.toml
	@python=$$(tools/find-python.sh); \
	if [ -n "$$python" ]; then tools/make-venv.sh "$$python" $(VENV6) && $(VENV6)/bin/python -m pip install --quiet --group test; \
	else mkdir -p $(VENV6); fi
	@touch $@

$(VENV6)/.built: $(VENV)/.built $(PY) $(VENV6)/.made
	@if [ -x $(VENV6)/bin/python ]; then rm -rf dist && $(BIN)/maturin build --release --locked --quiet --out dist && \
	$(VENV6)/bin/python -m pip install --quiet --no-deps --force-reinstall dist/ferrauth-*.whl; fi
	@touch $@

test-django6: $(VENV6)/.built ## Run the Python tests with Django 6, where a Python from 3.12 on is installed
	@if [ -x $(VENV6)/bin/python ]; then $(VENV6)/bin/python -m pytest $(ARGS); \
	else echo "No Python from 3.12 on is installed: Django 6 is not tested here."; fi

# The lowest release of Ninja that pyproject.toml allows.
NINJA_OLDEST := 1.5.0
VENV_OLDEST := .venv-ninja-oldest

test-ninja-oldest: build $(VENV)/.dev ## Run the tests of the Ninja API with the lowest release of Ninja that is supported
	@tools/make-venv.sh $(PYTHON) $(VENV_OLDEST)
	$(VENV_OLDEST)/bin/python -m pip install --quiet --group test
	$(VENV_OLDEST)/bin/python -m pip install --quiet "django-ninja==$(NINJA_OLDEST)"
	PYTHONPATH=python $(VENV_OLDEST)/bin/python -m pytest tests/ninja tests/http $(ARGS)

lint: build $(VENV)/.dev ## Check formatting, lint and types, of Rust and Python
	cargo fmt --check
	cargo clippy --locked --release --all-targets --no-default-features -- -D warnings
	cargo clippy --locked --release --lib -- -D warnings
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	DJANGO_DEBUG=1 $(BIN)/mypy --config-file examples/ninja_app/mypy.ini
	$(BIN)/python -m mypy.stubtest --concise ferrauth._core

faults: build $(VENV)/.dev ## Race, kill and count the sessions and the limits on real servers (half an hour; ARGS="race --rounds 20" for a part)
	$(BIN)/python -m tests.faults $(ARGS)

bench: build $(VENV)/.dev ## Measure ferrauth against its peers, side by side in one run
	$(BIN)/python -m benches.compare
	$(BIN)/python -m benches.hashing $(ARGS)

timing: build $(VENV)/.dev ## Compare over HTTP what answers about accounts that exist and that do not exist take; what JWTAuth costs
	$(BIN)/python -m benches.http_timing $(ARGS)
	$(BIN)/python -m benches.jwtauth

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(VENV6) $(VENV_OLDEST) dist target .pytest_cache .mypy_cache .ruff_cache
