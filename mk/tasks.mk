# What people and CI ask for beyond building. Each target installs what it needs and is missing.

PYTHON := build/venv/bin/python
PYTEST := $(PYTHON) -m pytest
# Most of an integration test's time is waiting: each of so many processes has servers of its own.
PYTEST_PROCESSES ?= 3
PYTEST_SIDE_BY_SIDE := $(PYTEST) -q -n $(PYTEST_PROCESSES) --dist loadfile
# Integration and unit tests of one kind of build: `make test-unit SANITIZE=address`.
SANITIZER_ENVIRONMENT := ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1:strict_init_order=1 \
  UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=suppressions=$(CURDIR)/tests/sanitizers/tsan.supp:history_size=7 \
  LSAN_OPTIONS=suppressions=$(CURDIR)/tests/sanitizers/lsan.supp:print_suppressions=0

.PHONY: run test lint bench bench-delivery bench-in-flight bench-idle bench-gateway install setup setup-build setup-lint unit integration integration-address test-address test-thread \
  test-valgrind fuzz smoke-aws compiler-check

setup: ## installs what make run needs (Debian packages, build/venv)
	@tools/setup run
setup-build:
	@tools/setup build
setup-lint:
	@tools/setup lint

run: ## the main job on this machine: servers, three services, 20 messages (EXIT=1 ends after the table)
	@tools/setup run
	@$(MAKE) --no-print-directory -s -j$$(nproc) programs
	@$(PYTHON) tools/run.py $(if $(EXIT),--exit)

test: ## runs every test: unit (plain, ASan+UBSan+LSan, TSan), fuzz targets briefly, integration (plain, ASan), delivery, deploy
	@tools/setup lint
	@$(MAKE) --no-print-directory -j$$(nproc) programs support tests
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory -j$$(nproc) SANITIZE=address programs tests
	@$(MAKE) --no-print-directory SANITIZE=address unit
	@$(MAKE) --no-print-directory test-thread
	@$(MAKE) --no-print-directory fuzz SECONDS_EACH=5
	@$(MAKE) --no-print-directory integration
	@$(MAKE) --no-print-directory integration-address
	@$(MAKE) --no-print-directory delivery
	@$(MAKE) --no-print-directory deploy

# The services' tests first: they take longest.
unit: tests ## runs the unit tests of this kind of build (SANITIZE=address|thread, CC=clang)
	@$(SANITIZER_ENVIRONMENT) FERRY_SIGV4_VECTORS="$${FERRY_SIGV4_VECTORS:-$$(tools/fetch-sigv4-vectors)}" \
	  FERRY_JSON_SCHEMA_SUITE="$${FERRY_JSON_SCHEMA_SUITE:-$$(tools/fetch-json-schema-suite)}" \
	  FERRY_AWS_VECTORS="$${FERRY_AWS_VECTORS:-$$(tools/fetch-aws-vectors)}" \
	  tools/run-unit-tests "$(TEST_WRAPPER)" $(call reverse,$(UNIT_TESTS))

integration: programs support ## runs the tests against real servers, and those of proto/ (FERRY_PROGRAMS: another build's programs)
	@$(PYTEST_SIDE_BY_SIDE) tests/proto tests/integration $(PYTEST_ARGUMENTS)

# Services that can be killed at a named point. Without more words a short form of each.
.PHONY: delivery crash-matrix chaos
delivery: ## a short form of crash-matrix and chaos, as in make test
	@tools/setup elasticmq
	@$(MAKE) --no-print-directory -s -j$$(nproc) FAILPOINTS=1 programs
	@$(PYTEST) -q tests/delivery $(PYTEST_ARGUMENTS)

crash-matrix: ## kills every party at every step of a message's way; writes docs/crash-matrix.md
	@tools/setup elasticmq
	@$(MAKE) --no-print-directory -s -j$$(nproc) FAILPOINTS=1 programs
	@CRASH_MATRIX=full $(PYTEST) -q tests/delivery/test_crash_matrix.py $(PYTEST_ARGUMENTS)

chaos: ## MESSAGES=20000 in GROUPS=200 while somebody dies every few seconds (SECONDS_MAX, SEED, RATE, ACK)
	@tools/setup elasticmq
	@$(MAKE) --no-print-directory -s -j$$(nproc) FAILPOINTS=1 programs
	@CHAOS_MESSAGES=$(or $(MESSAGES),20000) CHAOS_GROUPS=$(or $(GROUPS),200) CHAOS_SECONDS_MAX=$(or $(SECONDS_MAX),3600) \
	  CHAOS_SEED=$(SEED) CHAOS_RATE=$(or $(RATE),40) CHAOS_ACK=$(ACK) CHAOS_IS_LONG=$(if $(MESSAGES)$(GROUPS)$(ACK),,yes) \
	  $(PYTEST) -q -rP tests/delivery/test_chaos.py $(PYTEST_ARGUMENTS)

.PHONY: deploy
deploy: image-root ## runs what is deployed: services in their images' root file systems, the Dockerfile, systemd units
	@$(PYTEST_SIDE_BY_SIDE) tests/deploy $(PYTEST_ARGUMENTS)

# Not what runs no program of this build.
integration-address:
	@$(MAKE) --no-print-directory -j$$(nproc) SANITIZE=address programs
	@$(SANITIZER_ENVIRONMENT) FERRY_PROGRAMS=$(abspath $(BUILD))/$(CC_KIND)-address/bin $(PYTEST_SIDE_BY_SIDE) tests/integration \
	  --ignore=tests/integration/test_sdk_install.py --ignore=tests/integration/test_valgrind.py \
	  --ignore=tests/integration/test_servers.py --ignore=tests/integration/test_process.py $(PYTEST_ARGUMENTS)

.PHONY: outage
outage: programs ## five minutes of each outage and mistake of configuration, and the long forms of other tests
	@tools/setup lint
	@FERRY_LONG=1 $(PYTEST) -q -n 6 tests/integration/test_outage.py tests/integration/test_scenarios_leases.py $(PYTEST_ARGUMENTS)

.PHONY: upgrade
upgrade: programs ## replaces each service by another version and back under load, the long form (FERRY_PREVIOUS=commit)
	@tools/setup run
	@FERRY_LONG=1 $(PYTEST) -q -rP tests/deploy/test_upgrade.py $(PYTEST_ARGUMENTS)

.PHONY: schemathesis
schemathesis: programs ## at least 2,000 requests that tools make of the gateway's OpenAPI document, every check on
	@tools/setup run
	@FERRY_LONG=1 $(PYTEST) -q tests/integration/test_openapi.py $(PYTEST_ARGUMENTS)

test-address: ## unit tests and integration tests of an ASan+UBSan+LSan build
	@tools/setup lint
	@$(MAKE) --no-print-directory -j$$(nproc) support
	@$(MAKE) --no-print-directory -j$$(nproc) SANITIZE=address programs tests
	@$(MAKE) --no-print-directory SANITIZE=address unit
	@$(MAKE) --no-print-directory integration-address

test-thread: ## unit tests of a TSan build
	@tools/setup lint
	@$(MAKE) --no-print-directory -j$$(nproc) SANITIZE=thread tests
	@$(MAKE) --no-print-directory SANITIZE=thread unit

test-valgrind: tests ## unit tests under valgrind memcheck (integration has the services under it)
	@tools/setup lint
	@$(MAKE) --no-print-directory unit TEST_WRAPPER=tests/sanitizers/run-valgrind

.PHONY: dashboards
dashboards: ## makes deploy/grafana/dashboards/*.json of deploy/grafana/source
	@tools/setup run
	@$(PYTHON) tools/make_dashboards.py

SECONDS_EACH ?= 60
fuzz: ## runs every fuzz target for SECONDS_EACH seconds (default 60; CORPUS kept in build/corpus)
	@tools/setup lint
	@$(MAKE) --no-print-directory -j$$(nproc) CC=clang SANITIZE=fuzzer fuzzers
	@tools/run-fuzzers $(SECONDS_EACH) $(FUZZERS:%=$(BUILD)/clang-fuzzer/fuzz/%)

smoke-aws: programs ## opt-in: what AWS itself does, and Ferry on it, on your own account (says what it makes; docs/aws.md)
	@tools/setup run
	@$(PYTHON) tests/smoke_aws/smoke.py

lint: ## layers, banned calls, headers alone, both compilers, clang-tidy, cppcheck, -fanalyzer, scripts, hardening
	@tools/setup lint
	@tools/lint

bench: ## fills a queue with N messages and measures (N=2000, QUEUE=fifo|standard, GROUPS=100, IDLE=seconds, JSON=1)
	@tools/setup run
	@$(MAKE) --no-print-directory -s -j$$(nproc) programs
	@$(PYTHON) bench/bench.py --messages $(or $(N),2000) --queue $(or $(QUEUE),both) --groups $(or $(GROUPS),100) $(if $(IDLE),--idle $(IDLE)) $(if $(JSON),--json)

bench-delivery: ## what poller and gateway alone cost (N=10000, SCENARIO=name, LOG_LEVEL=info|warn, JSON=1)
	@tools/setup run
	@$(MAKE) --no-print-directory -s -j$$(nproc) programs support
	@$(PYTHON) bench/delivery.py --messages $(or $(N),10000) $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(LOG_LEVEL),--log-level $(LOG_LEVEL)) $(if $(JSON),--json)

bench-in-flight: ## what poller and gateway weigh with N messages under way (N=10000, JSON=1)
	@tools/setup run
	@$(MAKE) --no-print-directory -s -j$$(nproc) programs support
	@$(PYTHON) bench/in_flight.py --messages $(or $(N),10000) $(if $(JSON),--json)

bench-idle: ## what the gateway weighs with N idle connections (N=10000, JSON=1)
	@tools/setup run
	@$(MAKE) --no-print-directory -s -j$$(nproc) programs support
	@$(PYTHON) bench/idle_connections.py --connections $(or $(N),10000) $(if $(JSON),--json)

bench-gateway: ## a start through our gateway, one in Go and one in Node.js (ROUNDS=3, SECONDS_EACH_TURN=4, PEERS="go node", JSON=1)
	@tools/setup bench
	@$(MAKE) --no-print-directory -s -j$$(nproc) programs support
	@$(PYTHON) bench/gateway.py --rounds $(or $(ROUNDS),3) --seconds $(or $(SECONDS_EACH_TURN),4) $(if $(PEERS),--peers $(PEERS)) $(if $(JSON),--json)

.PHONY: bench-footprint
bench-footprint: ## what each service weighs: files, start, memory at rest and under load (N=2000, JSON=1)
	@tools/setup run
	@$(MAKE) --no-print-directory -s -j$$(nproc) image-root
	@$(PYTHON) bench/footprint.py --messages $(or $(N),2000) --images $(IMAGE_ROOT) $(if $(JSON),--json)

# What an image holds, without a container engine: the Dockerfile ships these, tests/deploy runs the services in them.
IMAGES := poller gateway worker ferry
IMAGE_ROOT ?= $(BUILD)/image-root
image_programs = $(if $(filter ferry,$(1)),$(addprefix $(BIN)/,ferry ferry-poller ferry-gateway ferry-worker),$(BIN)/ferry-$(1))
.PHONY: image-root
image-root: programs ## lays out the root file systems of the images (IMAGE=poller|gateway|worker|ferry, else all; IMAGE_ROOT=where)
	@set -e; $(foreach image,$(or $(IMAGE),$(IMAGES)),deploy/image-root $(IMAGE_ROOT)/$(image) $(call image_programs,$(image));)

# The SDK installs as one archive in which only its own names are visible, so that it clashes with nobody's.
PREFIX ?= /usr/local
SDK := temporal-c
SDK_HEADERS := $(wildcard libs/temporal/include/temporal/*.h)
SDK_BASE_HEADERS := $(addprefix libs/base/include/base/,attributes.h buffer.h error.h metrics.h)
SDK_ARCHIVE := $(OUT)/sdk/lib$(SDK).a
$(SDK_ARCHIVE): $(foreach l,temporal rpc crypto trace base,$(OUT)/lib/lib$(l).a)
	@mkdir -p $(@D)
	$(LD) -r -o $(@D)/$(SDK).o --whole-archive $^ --no-whole-archive
	objcopy --wildcard --keep-global-symbol='temporal_*' --keep-global-symbol='error_*' --keep-global-symbol='status_*' \
	  --keep-global-symbol='metric*' $(@D)/$(SDK).o
	@rm -f $@
	ar rcs $@ $(@D)/$(SDK).o

.PHONY: install-programs install-sdk
install: install-programs install-manual install-sdk ## installs the programs, their manual and completions, and the Temporal SDK for C with a pkg-config file, to PREFIX

install-programs: programs
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BIN)/ferry $(BIN)/ferry-poller $(BIN)/ferry-gateway $(BIN)/ferry-worker $(DESTDIR)$(PREFIX)/bin

# Manual pages and completions: the program itself makes them from the tables of its commands.
.PHONY: man install-manual
man: programs ## writes the manual's pages into build/man, and what shells load to complete `ferry` into build/completion
	@rm -rf $(BUILD)/man $(BUILD)/completion
	@mkdir -p $(BUILD)/man $(BUILD)/completion
	@$(BIN)/ferry man-pages $(BUILD)/man
	@$(BIN)/ferry completion bash > $(BUILD)/completion/ferry
	@$(BIN)/ferry completion zsh > $(BUILD)/completion/_ferry
	@$(BIN)/ferry completion fish > $(BUILD)/completion/ferry.fish

install-manual: man
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/man/,man1 man5 man8) $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 644 $(BUILD)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(BUILD)/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 $(BUILD)/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 $(BUILD)/completion/ferry $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 $(BUILD)/completion/_ferry $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -m 644 $(BUILD)/completion/ferry.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

install-sdk: $(SDK_ARCHIVE)
	install -d $(DESTDIR)$(PREFIX)/include/$(SDK)/temporal $(DESTDIR)$(PREFIX)/include/$(SDK)/base $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 $(SDK_HEADERS) $(DESTDIR)$(PREFIX)/include/$(SDK)/temporal
	install -m 644 $(SDK_BASE_HEADERS) $(DESTDIR)$(PREFIX)/include/$(SDK)/base
	install -m 644 $(SDK_ARCHIVE) $(DESTDIR)$(PREFIX)/lib
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(FERRY_VERSION)|' libs/temporal/$(SDK).pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/$(SDK).pc

# Units for PREFIX/bin, and drop-ins for secrets: docs/systemd.md. Needs no build: `make install-programs` installs the programs.
UNITS := $(wildcard deploy/systemd/*.service.in)
.PHONY: install-systemd
install-systemd: ## installs systemd units to PREFIX/lib/systemd/system, examples of drop-ins to PREFIX/share/ferry/systemd (DESTDIR)
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/share/ferry/systemd
	set -e; for unit in $(UNITS); do \
	  sed 's|@PREFIX@|$(PREFIX)|' $$unit > $(DESTDIR)$(PREFIX)/lib/systemd/system/$$(basename $$unit .in); \
	  chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/$$(basename $$unit .in); \
	done
	install -m 644 deploy/systemd/ferry.target $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 644 $(wildcard deploy/systemd/*.conf) $(DESTDIR)$(PREFIX)/share/ferry/systemd

# A compilation database for the analysers: the flags of each module, without the parts that only gcc knows.
.PHONY: compile-commands
compile-commands:
	@$(MAKE) --no-print-directory -s CC=clang $(BUILD)/clang/proto/.generated
	@$(MAKE) --no-print-directory -s -n -B CC=clang libraries programs support 2>/dev/null | grep -- ' -c ' | grep -vE '\.pb-c\.c|/embedded/' \
	  | python3 tools/compile_commands.py > $(BUILD)/compile_commands.json
