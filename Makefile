# ferrauth: everything a newcomer or CI types. `make` alone lists it.
PYTHON ?= python3
PORT ?= 8000
# A process of tests a core, each with servers of its own; a file's tests stay together, as its fixtures do.
PYTEST := -m pytest --numprocesses auto --dist loadfile
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
# Every target that `make help` lists is a command, and no file.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' $(MAKEFILE_LIST))

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
	@$(BIN)/python -m tools.demo --port $(PORT) $(ARGS)

demo-fastapi: build ## Start Django and FastAPI on one SQLite file, on PORT (8000) and the next; ARGS=--once ends after the play
	@$(BIN)/python -m tools.demo_fastapi --port $(PORT) $(ARGS)

test: test-rust test-python test-django6 lint ## Run all tests, types and lint

test-rust: $(VENV)/.made ## Run the core's tests, which need no interpreter
	cargo test --locked --release --no-default-features

test-python: build $(VENV)/.dev ## Run the Python tests
	$(BIN)/python $(PYTEST) $(ARGS)

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

# What is the core's or FastAPI's is the same with any Django.
DJANGO_TESTS := tests/accounts tests/django tests/emails tests/examples tests/http tests/limits tests/ninja tests/sessions

test-django6: $(VENV6)/.built ## Run the tests of all that is Django's with Django 6, where a Python from 3.12 on is installed
	@if [ -x $(VENV6)/bin/python ]; then $(VENV6)/bin/python $(PYTEST) $(DJANGO_TESTS) -k "not fastapi" $(ARGS); \
	else echo "No Python from 3.12 on is installed: Django 6 is not tested here."; fi

test-kernels: build $(VENV)/.dev ## Run the tests of passwords once with each kernel that this machine has
	@for kernel in $$($(BIN)/python -c "import ferrauth; print(*(k['name'] for k in ferrauth.build_info()['kernels'] \
	if k['available']))"); do echo "FERRAUTH_KERNEL=$$kernel"; \
	FERRAUTH_KERNEL=$$kernel $(BIN)/python -m pytest --quiet tests/password $(ARGS) || exit 1; done

# Needs qemu-user and a cross compiler: on Debian, apt install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross.
test-aarch64: ## Run the core's tests for aarch64 under qemu-aarch64, with and without the SHA-2 instructions
	@for tool in qemu-aarch64 aarch64-linux-gnu-gcc; do command -v $$tool > /dev/null || \
	{ echo "$$tool is not installed: apt install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"; exit 1; }; done
	rustup target add aarch64-unknown-linux-gnu
	export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc; \
	for cpu in max cortex-a72; do \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -cpu $$cpu -L /usr/aarch64-linux-gnu" \
	cargo test --locked --release --no-default-features --lib --target aarch64-unknown-linux-gnu $(ARGS) || exit 1; done

# The lowest release of Ninja that pyproject.toml allows.
NINJA_OLDEST := 1.5.0
VENV_OLDEST := .venv-ninja-oldest

test-ninja-oldest: build $(VENV)/.dev ## Run the tests of the Ninja API with the lowest release of Ninja that is supported
	@tools/make-venv.sh $(PYTHON) $(VENV_OLDEST)
	$(VENV_OLDEST)/bin/python -m pip install --quiet --group test
	$(VENV_OLDEST)/bin/python -m pip install --quiet "django-ninja==$(NINJA_OLDEST)"
	PYTHONPATH=$(CURDIR)/python $(VENV_OLDEST)/bin/python $(PYTEST) tests/ninja tests/http $(ARGS)

# The lowest releases that pyproject.toml allows.
FASTAPI_OLDEST := "fastapi==0.115.0" "sqlalchemy[asyncio]==2.0.38" "pydantic==2.7.0" "pydantic-settings==2.7.0" \
	"python-multipart==0.0.12"
VENV_FASTAPI_OLDEST := .venv-fastapi-oldest

test-fastapi-oldest: build $(VENV)/.dev ## Run FastAPI's tests with the lowest releases that are supported
	@tools/make-venv.sh $(PYTHON) $(VENV_FASTAPI_OLDEST)
	$(VENV_FASTAPI_OLDEST)/bin/python -m pip install --quiet --group test
	$(VENV_FASTAPI_OLDEST)/bin/python -m pip install --quiet $(FASTAPI_OLDEST)
	PYTHONPATH=$(CURDIR)/python $(VENV_FASTAPI_OLDEST)/bin/python $(PYTEST) tests/fastapi $(ARGS)
	PYTHONPATH=$(CURDIR)/python $(VENV_FASTAPI_OLDEST)/bin/python $(PYTEST) tests/http -k fastapi $(ARGS)

lint: build $(VENV)/.dev ## Check formatting, lint and types, of Rust and Python
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --locked --release --all-targets --no-default-features -- -D warnings
	cargo clippy --locked --release --lib -- -D warnings
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	DJANGO_DEBUG=1 $(BIN)/mypy --config-file examples/ninja_app/mypy.ini
	$(BIN)/mypy --config-file examples/fastapi_app/mypy.ini
	$(BIN)/python -m mypy.stubtest --concise ferrauth._core

DURATION ?= 60
stress: build $(VENV)/.dev ## Submit, cancel, fork and shut down at random for DURATION (60) seconds each
	FERRAUTH_STRESS_SECONDS=$(DURATION) cargo test --locked --release --no-default-features stress
	FERRAUTH_STRESS_SECONDS=$(DURATION) $(BIN)/python -m pytest tests/password/test_fork.py -k any_moment

faults: build $(VENV)/.dev ## Race, kill and count the sessions and the limits on real servers (half an hour; ARGS="race --rounds 20" for a part)
	$(BIN)/python -m tests.faults $(ARGS)

storm: build $(VENV)/.dev ## Let 32 clients log in to the example, beside the same application on the stock hasher and PyJWT
	$(BIN)/python -m benches.storm $(ARGS)

pictures: build $(VENV)/.dev ## Take the pictures of the example's page for the README
	PICTURES=docs/images $(BIN)/python -m pytest tests/page/test_pictures.py

soak: build $(VENV)/.dev ## Keep the example busy for ten minutes, and see that nothing grows (ARGS="--minutes 2")
	$(BIN)/python -m benches.storm.soak $(ARGS)

# One of the peers needs Python 3.12, as Django 6 does.
bench: build $(VENV)/.dev $(VENV6)/.built ## Measure ferrauth against its peers, side by side in one run
	@missed=0; for part in compare "hashing $(ARGS)" tokens formats; do \
		$(BIN)/python -m benches.$$part || missed=1; \
	done; exit $$missed

differential: build $(VENV)/.dev ## Hold a million mutated tokens against PyJWT (ARGS=COUNT for another number)
	$(BIN)/python tests/token/differential.py $(or $(ARGS),1000000)

# Coverage-guided, on the stable toolchain: cargo-fuzz needs nightly for sanitizers alone, and the parsers hold no
# unsafe code of their own that one would look at. What was found stays in fuzz/corpus, and every run goes on from there.
FUZZ_TARGETS := base64url json token key password_row
fuzz: target/tools/bin/cargo-fuzz ## Fuzz the parsers of tokens, keys and rows, 60 seconds each (ARGS=SECONDS for others)
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p fuzz/corpus/$$target; \
		PATH="$(CURDIR)/target/tools/bin:$$PATH" cargo fuzz run --sanitizer none $$target \
			fuzz/corpus/$$target fuzz/seeds/$$target -- -max_total_time=$(or $(ARGS),60) -max_len=4096 \
			-print_final_stats=1 -verbosity=0 || exit 1; \
	done

target/tools/bin/cargo-fuzz:
	cargo install cargo-fuzz@0.13.2 --locked --quiet --root target/tools --target-dir target/tools/build

storm-fastapi: build $(VENV)/.dev ## Measure FastAPI under a storm of logins against its peers
	$(BIN)/python -m benches.fastapi_storm $(ARGS)

timing: build $(VENV)/.dev ## Compare over HTTP what answers about accounts that exist and that do not exist take; what JWTAuth costs
	$(BIN)/python -m benches.http_timing $(ARGS)
	$(BIN)/python -m benches.http_timing --interface wsgi $(ARGS)
	$(BIN)/python -m benches.http_timing --framework fastapi $(ARGS)
	$(BIN)/python -m benches.jwtauth

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(VENV6) $(VENV_OLDEST) $(VENV_FASTAPI_OLDEST) dist target fuzz/target fuzz/corpus .pytest_cache .mypy_cache .ruff_cache
