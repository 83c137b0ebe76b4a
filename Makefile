# A thin list of commands. What a command does is written where its tool is set up.

# The first Python that is new enough; asked for only when .venv is not there yet.
PYTHON = $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --quiet --disable-pip-version-check --require-hashes

# What `make test` leaves out, as far as it exists.
LEFT_OUT := PostgreSQL and Redis \
	$(if $(wildcard tests/races/test_*.py),races) \
	$(if $(wildcard tests/faults/test_*.py),faults) \
	$(if $(wildcard tests/browser/test_*.py),browser)
# What docker-compose.yml refuses to start without.
SECRETS = $(shell sed -n 's/.*$${\([A-Z_]*\):?.*/\1/p' docker-compose.yml | sort -u)
# What needs the machine for itself.
ALONE := race or browser or stack
# On servers of its own, whatever the environment names. The seed is that of the order, too.
FAULTS := $(PY) -m pytest -m fault tests/faults $(if $(FAULT_SEED),--randomly-seed=$(FAULT_SEED))
comma := ,
empty :=
space := $(empty) $(empty)

.PHONY: help run test test-all faults chromium lint types bench docs up messages
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: .venv/.run ## The panel, its workers and a simulated carrier on http://127.0.0.1:8000 (PORT=...)
	@exec $(PY) manage.py demo

test: .venv/.dev ## The tests on SQLite, and a smoke test on PostgreSQL and Valkey
	@$(PY) -m pytest -n 2 -m 'not postgresql and not stack and not race and not fault and not browser'
	@echo 'Not run here: the tests on $(subst $(space)$(space),$(space),$(strip $(LEFT_OUT))). Run them with: make test-all'

test-all: .venv/.dev chromium ## All tests, on PostgreSQL and Redis (DATABASE_URL, REDIS_URL, or wheels)
	@$(PY) tests/servers.py $(PY) -m pytest -n 2 -m 'not parity and not fault and not ($(ALONE))'
	@$(PY) tests/servers.py $(PY) -m pytest -m '$(ALONE)'
	@$(FAULTS)

faults: export FAULT_ROUNDS ?= 3
faults: .venv/.dev ## Kill every part of the real stack in turn, three times (FAULT_ROUNDS, FAULT_SEED)
	@$(FAULTS)

chromium: ## The browser of the browser tests, from the packages of Debian, if it is missing (needs root)
	@command -v chromium >/dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'Installing chromium (once, about a minute)...'; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	fi || echo 'chromium could not be installed.'

lint: .venv/.dev ## Rules and format of the source
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: .venv/.dev ## The types, strictly
	@$(PY) -m mypy .

bench: .venv/.dev ## Rate, memory and page times against the limits of this machine
	@STATEMENT_TIMEOUT=0 $(PY) manage.py benchmark

docs: .venv/.dev ## The checks of the documents: links, commands, variables, decisions
	@$(PY) -m pytest tests/house/test_docs.py

up: ## The production-like stack in containers (docker-compose.yml; secrets in .env)
	@missing=; for name in $(SECRETS); do \
		test -n "$$(printenv $$name)" || grep -qs "^$$name=." .env || missing="$$missing $$name"; done; \
	test -z "$$missing" || { echo "Not set in .env or the environment:$$missing"; \
		echo 'See .env.example; a secret is made with: openssl rand -hex 32'; exit 1; }
	@command -v docker >/dev/null || { \
		echo 'docker is not installed. Without containers: make run, or "Run it for others" in README.md.'; exit 1; }
	@docker compose version >/dev/null 2>&1 || { \
		echo 'This docker has no compose: install the plugin (docker-compose-plugin).'; exit 1; }
	@docker info >/dev/null 2>&1 || { \
		echo 'docker does not answer: start its engine, and see that you may use it.'; exit 1; }
	@docker compose up --build

messages: .venv/.dev ## Collect the texts to translate, and compile the translations (needs gettext)
	@$(PY) manage.py makemessages --locale fr --locale it --no-obsolete --no-location \
		--ignore .venv --ignore tests
	@$(PY) manage.py compilemessages --locale fr --locale it --verbosity 0

.venv/.run: requirements.lock | .venv/bin/pip
	@echo 'Installing what is needed to run (once, about half a minute)...'
	@$(PIP) -r $<
	@touch $@

.venv/.dev: requirements-dev.lock | .venv/bin/pip
	@echo 'Installing what is needed to develop (once, about a minute)...'
	@$(PIP) -r $<
	@touch $@ .venv/.run

.venv/bin/pip:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed, and none was found: install it, then try again.'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'The module venv of $(PYTHON) is missing. On Debian and Ubuntu: apt install python3-venv'; exit 1; }
	@$(PYTHON) -m venv .venv
