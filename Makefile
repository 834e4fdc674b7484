# The commands of the project. `make demo` is the one to begin with.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo up test check bench chaos fuzz setup setup-dev setup-bench lock format clean
.DEFAULT_GOAL := demo

demo: setup  ## makes demo.mp4 through the whole service
	$(BIN)/python examples/demo.py

up: setup  ## runs the whole service until Ctrl-C
	$(BIN)/talkreel up

test: setup-dev  ## runs the whole test suite, which waits more than it works, three files at a time
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: setup-dev  ## format, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_architecture.py

bench: setup-dev setup-bench  ## benchmarks against peers, as ratios
	$(BIN)/python -m bench

chaos: setup-dev  ## ten minutes of faults, and what the service makes of them
	$(BIN)/python -m tests.chaos

fuzz: setup-dev  ## damaged files through the whole worker: FUZZ_CASES of them, others by another FUZZ_SEED
	$(BIN)/python -m tests.fuzz

setup: .venv/.installed models/.installed

setup-dev: .venv/.installed-dev models/.installed

setup-bench: .venv-bench/.installed

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# The peers have an environment of their own, so that nothing of ours can import them.
.venv-bench/.installed: requirements-bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	touch $@

# The face models are data: whatever machine this is, they come out of the one wheel whose hash is known.
MODEL_WHEEL := --no-deps --only-binary=:all: --implementation cp --python-version 3.11 --platform manylinux_2_28_x86_64

models/.installed: models.txt worker/talking/models.py | .venv/.installed
	rm -rf models/.wheel
	$(BIN)/pip download --quiet --disable-pip-version-check --require-hashes $(MODEL_WHEEL) --dest models/.wheel -r models.txt
	$(BIN)/python -m worker.talking.models models/.wheel/*.whl models
	rm -rf models/.wheel
	touch $@

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock:  ## writes the lock files anew (needs uv)
	$(LOCK) --extra build pyproject.toml -o requirements.txt
	$(LOCK) --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(LOCK) --group pyproject.toml:bench -o requirements-bench.txt

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .venv-bench models var build *.egg-info .mypy_cache .ruff_cache .pytest_cache
