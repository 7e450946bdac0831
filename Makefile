# What a developer types. Everything is installed, built and started by these targets themselves.

# One build cache for all checkouts, so that a clean one is not a cold build.
export KGUARD_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kguard
export CARGO_TARGET_DIR ?= $(KGUARD_CACHE)/target
export CARGO_TERM_COLOR ?= auto

.PHONY: help test lint demo bench fuzz build cluster cluster-down completions

help:
	@echo "make test          set up a real cluster and run all tests"
	@echo "make lint          rustfmt, clippy, cargo-deny where it is installed"
	@echo "make demo          play the five scenes against a real cluster"
	@echo "make bench         measure against nginx and plain kubectl"
	@echo "make fuzz          run every fuzzer for FUZZ_SECONDS (30)"
	@echo "make cluster       start the test cluster and leave it running"
	@echo "make cluster-down  stop it"
	@echo "make completions   write shell-completions/ anew"

build:
	cargo build --workspace

cluster:
	tests/cluster/up.sh

cluster-down:
	tests/cluster/down.sh

test:
	tests/run.sh

lint:
	tests/lint.sh

demo:
	demo/run.sh

bench:
	bench/run.sh

fuzz:
	fuzz/run.sh
