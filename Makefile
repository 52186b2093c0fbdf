# The commands that people remember. Everything real is in CMakePresets.json, scripts/ and tests/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
# Tests wait more than they compute.
TEST_JOBS ?= $(shell expr 2 \* $(JOBS))
LISTEN ?= 127.0.0.1:8080
DATA ?= demo-data

.PHONY: help deps demo run build release test soak swift lint bench profile capacity fuzz asan tsan docs clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## install what is missing (Debian 12)
	@scripts/install-deps

demo: release ## build, upload a real clip, check what comes out, stop
	@scripts/demo build/release

run: release ## build and leave a server running in the foreground on $(LISTEN)
	@exec build/release/sluice serve --listen $(LISTEN) --data $(DATA)

build: deps ## debug build with tests, in build/dev
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS)

release: deps ## sluice and sluice-worker in build/release
	cmake --preset release -DBUILD_TESTING=OFF
	cmake --build --preset release -j$(JOBS)

test: build ## build and run every test
	ctest --preset dev -j$(TEST_JOBS)

soak: build ## kills, power cuts and faults for SOAK_MINUTES=10, with a report; as root
	@python3 -B tests/rigs/soak.py

swift: build ## the bytes in OpenStack Swift (s3api), the second S3 store; installs it
	@scripts/install-deps --swift
	@cd tests && SLUICE_BIN=../build/dev/sluice python3 -B -m unittest -v integration.s3_swift_check

lint: ## clang-format, clang-tidy, the project's own structure test
	@scripts/lint

bench: ## compare with the yardstick and peers in one run; writes docs/performance.*
	@scripts/install-deps --bench
	@JOBS=$(JOBS) bench/run.sh build/release

profile: ## count what runs often, by which the release is laid out; writes cmake/release.profdata
	@scripts/install-deps --profile
	@JOBS=$(JOBS) scripts/profile

capacity: deps ## simulate 10 to 1,000 nodes; writes the tables and the picture of docs/capacity.md
	cmake --preset release -DBUILD_TESTING=OFF
	cmake --build --preset release -j$(JOBS) --target capacity
	@python3 -B bench/capacity/write_tables.py build/release/bench/capacity docs/capacity.md
	@python3 -B bench/capacity/plot.py docs/capacity.md

fuzz: deps ## build the fuzz targets and run each for a while (SECONDS_EACH=60)
	@scripts/fuzz

asan tsan: deps ## the tests under a sanitizer
	cmake --preset $@
	cmake --build --preset $@ -j$(JOBS)
	ctest --preset $@

docs: ## write the generated pages (docs/errors) anew
	@scripts/docs

clean: ## remove build folders and the data of `make run`
	rm -rf build demo-data
