# Each target makes or updates .venv from requirements.lock by itself.
PYTHON ?= python3
BIN := .venv/bin
# Each worker starts its own database servers and directory.
SIDE_BY_SIDE := -n 2 --dist worksteal
SOURCES := engine server tests examples bench
# The mapping of custom-connector wants its package installed: its run.py lints it.
MAPPINGS := mappings $(filter-out examples/people/ examples/custom-connector/, $(wildcard examples/*/))

.PHONY: demo test check serve bench golden clean lock

demo: .venv/ready
	$(BIN)/python examples/demo.py

test: .venv/ready
	$(BIN)/pytest -m "not slow" $(SIDE_BY_SIDE)
	$(BIN)/pytest -m slow $(SIDE_BY_SIDE)

check: .venv/ready
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	for script in examples/*-*/run.py; do $(BIN)/mypy $$script || exit 1; done
	$(BIN)/lint-imports
	$(BIN)/deptry engine server
	$(BIN)/scimweave fmt --check mappings $(dir $(wildcard examples/*/*.yaml))
	$(BIN)/scimweave lint $(MAPPINGS)
	$(BIN)/scimweave test $(MAPPINGS)

serve: .venv/ready
	$(BIN)/scimweave init-target mappings
	$(BIN)/scimweave serve mappings

# BENCH="--full --write" measures up to 100,000 users and renews bench/results/.
bench: .venv/ready
	$(BIN)/python -m bench.run $(BENCH)

golden: .venv/ready
	UPDATE_GOLDEN=1 $(BIN)/pytest tests/engine/mapping tests/server/cli

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: .venv/ready
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --all-extras --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
		--output-file requirements.lock pyproject.toml

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "scimweave needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
