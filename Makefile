# `make help` lists what there is. Every target sets up what it needs first (scripts/bootstrap), on a bare machine too.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
VENV ?= .venv
BIN := $(VENV)/bin
export VENV

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

.PHONY: setup setup-test
setup:
	@scripts/bootstrap run
setup-test:
	@scripts/bootstrap test

##@ Use

.PHONY: install demo run worker scheduler books doctor
install: ## set up (or set up again): virtual environment, packages, translations
	@rm -f $(VENV)/.acm-installed
	@scripts/bootstrap run

demo: setup ## a simulated contact centre with the whole product on it [SECONDS=60 ends by itself]
	@$(BIN)/acm demo $(if $(SECONDS),--seconds $(SECONDS))

run: setup ## the web interface with the database of ACM_DATABASE_URL (default: embedded)
	@$(BIN)/acm web

worker: setup ## a worker for the services
	@$(BIN)/acm worker

scheduler: setup ## the scheduler of the services
	@$(BIN)/acm scheduler

books: setup ## check that every client, phone, attempt and result is accounted for
	@$(BIN)/acm books

doctor: setup ## check database, drivers, folders, clock, dialer, Active Directory, and say how to mend them
	@$(BIN)/acm doctor

##@ Database

.PHONY: db-upgrade db-status sql-lint sql-bundle sql-map
db-upgrade: setup ## bring tables and sql/ up to date
	@$(BIN)/acm db upgrade

db-status: setup ## what is current, changed by hand, missing or not ours
	@$(BIN)/acm db status

sql-lint: setup-test ## check sql/ against the house rules
	@$(BIN)/acm sql lint

sql-bundle: setup ## one script for a DBA without Python, to standard output
	@$(BIN)/acm sql bundle

sql-map: setup ## from screen, job and API to procedure and table
	@$(BIN)/acm sql map

##@ Work on it

.PHONY: test mission lint types check format bench model mutation chaos messages screenshots
# Tests with real processes wait on real time: one that fails on a machine busy with something else is tried once more,
# and the summary names it.
test: setup-test ## all tests, or those under T=tests/unit; ARGS="-k word" go to pytest
	@$(BIN)/python -m pytest -n auto --dist loadfile --reruns 1 $(ARGS) $(T)

mission: setup-test ## how the tests of each line of the deck end, and which lines have none [LINES=M12-M25,M55]
	@PYTHONPATH=tests $(BIN)/python -m pytest -q -n auto --dist loadfile --reruns 1 -p mission.plugin $(if $(LINES),--lines $(LINES)) $(ARGS)

lint: setup-test ## ruff, and the house rules of sql/
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/acm sql lint

types: setup-test ## mypy
	@$(BIN)/mypy

check: lint types test ## all that a change has to pass

format: setup-test ## lay the Python code out
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup-test ## what it costs, as ratios measured on this machine [SIZES=50000,500000,5000000]
	@$(BIN)/python -m benchmarks $(if $(SIZES),--sizes $(SIZES)) $(ARGS)

model: setup-test ## random worlds in sql/ and in a plain reading of the strategy [WORLDS=500 SEED=1 JOBS=1]
	@PYTHONPATH=tests $(BIN)/python -m model $(if $(WORLDS),--worlds $(WORLDS)) $(if $(SEED),--seed $(SEED)) $(if $(JOBS),--jobs $(JOBS))

mutation: setup-test ## plant bugs in sql/, one at a time, and see that something goes red [ARGS="-k word"]
	@PYTHONPATH=tests $(BIN)/python -m mutation $(ARGS)

chaos: setup-test ## kill and break everything, and check that the books balance [ARGS="--seed 1"]
	@$(BIN)/python -m pytest -m chaos $(ARGS)

messages: setup-test ## collect texts for translation into app/translations
	@$(BIN)/pybabel -q extract -k _ -k lazy_gettext -F babel.cfg -o app/translations/messages.pot .
	@$(BIN)/pybabel -q update -i app/translations/messages.pot -d app/translations --no-fuzzy-matching

screenshots: setup-test ## the pictures of docs/images, from a demonstration that runs for them [ARGS="monitor client"]
	@$(BIN)/python scripts/screenshots $(ARGS)

.PHONY: clean clean-data
clean: ## remove what was built; the data in var/ stays
	@rm -rf $(VENV) build dist ./*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data: ## remove var/: the embedded database, uploads and keys [YES=1]
	@[ "$(YES)" = 1 ] || { echo "make clean-data YES=1 removes all data in var/" >&2; exit 1; }
	@# Of a closed project that root runs, the cluster itself lies elsewhere.
	@find var -name data -type l -lname '/var/lib/acm/postgresql-*/data' -printf '%l\n' 2>/dev/null \
		| while read -r cluster; do rm -rf "$${cluster%/data}"; done
	@rm -rf var
