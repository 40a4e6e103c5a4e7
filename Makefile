# Needs Node 20.19 or newer, npm, make and git. `make help` says what there is.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# Further flags for the captures: make capture-all ARGS="--timeout 300"
ARGS ?=
# A folder for the tests' results as JSON, one file for each kind of test.
RESULTS ?=

cli := node dist/cli/main.js
modules := node_modules/.installed
dist := dist/.built
# Folders are listed too: their time tells of a file that was added or removed.
sources := $(shell find src plugins 2> /dev/null) tsconfig.json $(addprefix scripts/,build.mjs program.mjs precompile.mjs)
results = $(if $(RESULTS),-- --reporter=default --reporter=json --outputFile.json=$(RESULTS)/$(1).json)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

# Not `npm ci`: it refuses a lock file made where the registry lacks other systems' packages.
# With --no-save the lock decides every version all the same, and stays as it is.
$(modules): package-lock.json package.json
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(dist): $(sources) $(modules)
	node scripts/build.mjs

.PHONY: build
build: $(dist) ## install the dependencies and build dist/, where something changed

.PHONY: setup
setup: machine browser ## prepare this machine: dependencies, build, Docker engine, agent image, browser

.PHONY: machine
machine: $(dist)
	@$(cli) setup

.PHONY: browser
browser:
	@./scripts/setup_browser.sh > /dev/null

.PHONY: capture-all
capture-all: $(dist) ## capture every issue of tasks/issues.json, one after another
	@./scripts/run_all_captures.sh $(ARGS)

.PHONY: capture-all-keep
capture-all-keep: $(dist) ## the same, and keep each workspace
	@./scripts/run_all_captures.sh --keep-workspace $(ARGS)

.PHONY: browse
browse: $(dist) ## look at the captures on a page; BROWSER_HOST=… BROWSER_PORT=… ARGS="--open --allow-run"
	@./scripts/run_capture_browser.sh $(if $(BROWSER_HOST),--host "$(BROWSER_HOST)") \
	  $(if $(BROWSER_PORT),--port "$(BROWSER_PORT)") $(ARGS)

.PHONY: check
check: $(modules) ## lint, types, import borders, dead code and the unit tests
	npm run --silent lint
	npm run --silent types
	npm run --silent borders
	npm run --silent dead-code
	npm run --silent test:unit

.PHONY: test
test: test-unit test-docker test-browser ## every test, on real Docker, OpenCode and Chromium

.PHONY: test-unit
test-unit: $(dist)
	npm run --silent test:unit $(call results,unit)

# The engine and the image come first, so that no test builds them while another does the same.
.PHONY: test-docker
test-docker: machine
	npm run --silent test:docker $(call results,docker)

.PHONY: test-browser
test-browser: $(dist) browser
	npm run --silent test:browser $(call results,browser)

.PHONY: bench
bench: machine ## the benchmarks of docs/benchmarks.md
	npm run --silent bench

.PHONY: clean
clean: ## remove dist/ and our images and containers; captures and node_modules stay
	@if [[ -f dist/cli/main.js ]]; then \
	  $(cli) sweep --images || echo "clean: the engine may still hold our images" >&2; \
	fi
	rm -rf dist
