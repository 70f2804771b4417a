# Two commands for a newcomer: `make demo` shows it work, `make test` proves it. Both make .venv and install what is
# missing. A second run starts at once: the stamps in .venv are newer than the pins.

OFFICE ?= office
BASE ?= 20000
PYTEST ?= .venv/bin/python -m pytest

RUN := .venv/ready-to-run
DEV := .venv/ready-to-develop
PINNED := .venv/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-header

.PHONY: help demo run test test-all check lint format types contracts verifier deb bench requirements clean tools-run tools-test

help:
	@echo "make demo     show it work on this machine: no root, no network, nothing left behind"
	@echo "make test     the test-suite (make test-all: the slow ones too)"
	@echo "make run      an office in ./$(OFFICE) on 127.0.0.1, ports $(BASE) + 25, 465, 587 ...; Ctrl-C stops it"
	@echo "make check    lint, format, types, contracts (each a target of its own)"
	@echo "make verifier the auditor's verifier as a wheel of its own, in dist/"
	@echo "make deb      a Debian package, in dist/: for the Debian it is built on"
	@echo "make bench    measure, beside Postfix, OpenSSH and asyncssh on the same machine"
	@echo "make clean    remove what the others made (an office in ./$(OFFICE) stays)"

demo: tools-run $(RUN)
	@.venv/bin/sealgate demo

run: tools-run $(RUN)
	@test -e $(OFFICE) || .venv/bin/sealgate init $(OFFICE) --loopback $(BASE)
	@.venv/bin/sealgate --office $(OFFICE) serve

test: tools-test $(DEV)
	$(PYTEST) --numprocesses auto --dist loadfile -m "not slow"

test-all: tools-test $(DEV)
	$(PYTEST)

check: lint format types contracts

lint: $(DEV)
	.venv/bin/ruff check

format: $(DEV)
	.venv/bin/ruff format --check

types: $(DEV)
	.venv/bin/mypy

contracts: $(DEV)
	.venv/bin/lint-imports --no-cache

verifier: $(DEV)
	@.venv/bin/python scripts/standalone/build.py dist

deb: $(DEV)
	@scripts/deb dist

bench: tools-test $(DEV)
	@.venv/bin/python -m tests.benchmarks

# Hashes, and no address of anybody's package index.
requirements: $(DEV)
	$(PINNED) --output-file requirements.txt pyproject.toml
	$(PINNED) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	$(PINNED) --only-build-deps --build-deps-for wheel --no-annotate --constraint requirements-dev.txt \
		--output-file requirements-build.txt pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find gateway tests -name __pycache__ -type d -prune -exec rm -rf {} +

tools-run:
	@scripts/debian run

tools-test:
	@scripts/debian test

$(RUN): requirements.txt requirements-build.txt pyproject.toml
	@scripts/venv $@ requirements.txt requirements-build.txt

$(DEV): requirements-dev.txt pyproject.toml
	@scripts/venv $@ requirements-dev.txt
	@touch $(RUN)
