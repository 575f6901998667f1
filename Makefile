# Two commands: `make run` (the live simulated examination) and `make test`.
# Both set up what they need the first time: system packages, .venv, pinned versions.

PYTHON ?= python3
BIN := .venv/bin
# What `make run` needs; the other drivers need an SDK or a compiler, and `make test` installs them.
LIGHT := simulated dicom_replay recording gentl video generator manual pattern
DRIVERS := $(wildcard drivers/*/pyproject.toml)
RUN := -e '.[gallery]' $(patsubst %,-e ./drivers/%,$(LIGHT))
ALL := $(patsubst %/pyproject.toml,-e ./%,$(DRIVERS))
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt

.PHONY: run test coverage docs format clean

run: .venv/.run
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		exec $(BIN)/fluoroview live; \
	else \
		exec $(BIN)/fluoroview live --headless --seconds 15 --out out; \
	fi

test: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadfile

coverage: .venv/.test
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=
	$(BIN)/python -m coverage report --skip-covered
	@for part in hal session dose; do \
		echo "branch coverage of $$part, per cent (at least 90):"; \
		$(BIN)/python -m coverage report --include="fluoroview/$$part/*" --format=total --fail-under=90 || exit 1; \
	done

docs: .venv/.test
	$(BIN)/python docs/tools/draw_imports.py
	$(BIN)/python -m mkdocs build --quiet --config-file .mkdocs.yml

format: .venv/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv out

.venv/.run: pyproject.toml $(DRIVERS) .ci/constraints.txt .ci/packages-run
	@$(PYTHON) .ci/network
	.ci/system-packages .ci/packages-run
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@echo "Installing FluoroView and its drivers into .venv ..."
	@$(PIP) $(RUN)
	@echo "Compiling the simulated source and preparing its patients, once ..."
	@$(BIN)/python -m fluoroview_simulated.prepare 2>/dev/null
	@$(BIN)/fluoroview live --headless --seconds 1 --out .venv/first >/dev/null
	@touch $@

.venv/.test: .venv/.run .ci/packages-test
	.ci/system-packages .ci/packages-test
	@echo "Installing what the tests need ..."
	@$(PIP) -e '.[test]' $(ALL)
	@touch $@
