# Everwire. `make` alone tells what there is.
.DEFAULT_GOAL := help
.PHONY: bench build client fmt help lint nightly test test-browsers

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

bench: ## Everwire beside other servers, into docs/performance.md; QUICK=1 in 5 minutes, ROW=... one row only
	@bench/run.sh compare $(if $(QUICK),--quick) $(if $(ROW),--row $(ROW))

build: ## The server, the demo and the testbed, for release
	@echo "==> building everwire and testbed (release)"
	@cargo build --release --workspace

client: ## The npm package's dist folder, which is committed and embedded
	@echo "==> building client-js/dist"
	@cd client-js && { [ -d node_modules ] || npm ci --no-audit --no-fund; } && npm run --silent build

fmt: ## Format the Rust code
	@cargo fmt --all

lint: ## Formatting, clippy, docs and types, warnings denied
	@scripts/test.sh tools lint

nightly: ## What is too long for every change: oldest compiler, many more cases
	@scripts/nightly.sh

test: ## Everything a change must pass; installs what it needs on Debian, saying what
	@scripts/test.sh

test-browsers: ## All browser engines, old and new, whole; installs them on Debian
	@scripts/test.sh tools browsers
