# The commands of the project. `make demo` is the one to begin with.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo up test test-quick check bench chaos fuzz setup setup-dev setup-bench lock format clean
.DEFAULT_GOAL := demo

demo: setup  ## makes demo.mp4 through the whole service
	$(BIN)/python examples/demo.py

up: setup  ## runs the whole service until Ctrl-C
	$(BIN)/talkreel up

test: setup-dev  ## runs the whole test suite, which waits more than it works, three files at a time
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations 20

test-quick: setup-dev  ## what needs no server, browser or encoder, in a minute
	$(BIN)/pytest --quick --numprocesses 2

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

# bootstrap.py looks at what is there, says what is missing, and mends what is half done.
setup:  ## the environment and the face models
	$(PYTHON) bootstrap.py

setup-dev:  ## also what the tests need
	$(PYTHON) bootstrap.py --dev

setup-bench:  ## the peers of the benchmarks, in an environment that nothing of ours can import
	$(PYTHON) bootstrap.py --bench

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
