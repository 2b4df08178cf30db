# tandemq. `make help` lists the targets. One flavour a build folder: build/release, build/asan,
# build/tsan. Say V=1 to see whole commands, FLAVOUR=... to choose a flavour by hand, UNITY=0 to
# compile each source by itself.

FLAVOUR ?= release
UNITY ?= 1
V ?= 0
T ?= 60
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
ifeq ($(MAKELEVEL),0)
# Output is gathered by target, but for those whose reader waits at the screen.
MAKEFLAGS += --no-print-directory -j$(shell nproc) \
             $(if $(filter run demo bench e2e soak,$(MAKECMDGOALS)),,--output-sync=target)
endif
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '%-5s %s\n' '$(1)' '$(2)')

# ---------------------------------------------------------------- flavours

B := build/$(FLAVOUR)
ifeq ($(FLAVOUR),release)
  COMPILER := g++
  FLAVOUR_FLAGS := -O2 -g
else ifeq ($(FLAVOUR),tsan)
  COMPILER := g++
  # Asio's fences are nothing that ThreadSanitizer understands; its locks are, and they suffice.
  FLAVOUR_FLAGS := -O1 -g1 -fno-omit-frame-pointer -fsanitize=thread -Wno-tsan \
                   -DASIO_DISABLE_FENCED_BLOCK
else ifeq ($(FLAVOUR),asan)
  # The unit tests and the fuzzers share it.
  COMPILER := clang++-14
  FLAVOUR_FLAGS := -O1 -g1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
                   -fno-sanitize-recover=all
else
  $(error FLAVOUR is release, asan or tsan, not '$(FLAVOUR)')
endif

CXX := $(if $(shell command -v ccache),ccache )$(COMPILER)
# The macros of spdlog and cpp-httplib are those with which Debian compiled them.
CPPFLAGS := -Isrc -I. -DASIO_STANDALONE -DASIO_SEPARATE_COMPILATION \
            -DSPDLOG_SHARED_LIB -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL \
            -DCPPHTTPLIB_OPENSSL_SUPPORT -DCPPHTTPLIB_ZLIB_SUPPORT -DCPPHTTPLIB_BROTLI_SUPPORT
CXXFLAGS := -std=c++20 $(FLAVOUR_FLAGS) -pthread \
            -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
# g++ 12 sees overlaps in operator+ of strings that are not there (its bug 105651).
CXXFLAGS += $(if $(filter g++,$(COMPILER)),-Wno-restrict)
LDFLAGS := $(FLAVOUR_FLAGS) -pthread -Wl,--as-needed
LDLIBS := -largon2 -lrocksdb -lssl -lcrypto -lboost_program_options -lcpp-httplib -lprometheus-cpp-core \
          -lspdlog -lfmt -lsystemd -lwslay -lxxhash

# ---------------------------------------------------------------- sources

sources_in = $(if $(wildcard $(1)),$(shell find $(wildcard $(1)) -name '*.cpp' | LC_ALL=C sort))
objects_of = $(patsubst %.cpp,$(B)/obj/%.o,$(1))

# Of the two programs only main() is outside of the library, so that tests reach the rest.
LIB_SOURCES := $(filter-out %/main.cpp,$(call sources_in,src replication failover))
DAEMON_SOURCES := $(wildcard src/daemon/main.cpp)
CTL_SOURCES := $(wildcard src/ctl/main.cpp)
UNIT_SOURCES := $(filter-out tests/e2e/% tests/bench/% tests/fuzz/%,$(call sources_in,tests))
# Where there is one thread only there is nothing for ThreadSanitizer to see.
SINGLE_THREADED := broker config core doctor journal mqtt session sim topic transfer
ifeq ($(FLAVOUR),tsan)
  UNIT_SOURCES := $(filter-out tests/%_test.cpp,$(UNIT_SOURCES)) \
                  $(filter-out $(SINGLE_THREADED:%=tests/%/%),$(filter tests/%_test.cpp,\
                    $(wildcard tests/*/*_test.cpp)))
endif
BENCH_SOURCES := $(call sources_in,tests/bench)
FUZZ_SOURCES := $(call sources_in,tests/fuzz)
FUZZERS := $(patsubst tests/fuzz/%.cpp,%,$(filter %_fuzz.cpp,$(FUZZ_SOURCES)))
# What tests share: linked by the fuzzers too, as far as they use it.
SHARED_SOURCES := $(filter-out %_test.cpp %_fuzz.cpp tests/main.cpp,$(UNIT_SOURCES) $(FUZZ_SOURCES))

# A dozen sources of a floor are compiled as one, which takes a third of the time. So what is local
# to a source has a name that no other one of its floor gives to something else.
FLOORS := $(patsubst %/,%,$(sort $(dir $(LIB_SOURCES))))
unit_sources = $(wordlist $(word $(2),1 13 25 37 49 61),$(word $(2),12 24 36 48 60 72),\
                 $(filter $(1)/%,$(LIB_SOURCES)))
UNITS := $(foreach floor,$(FLOORS),$(foreach n,1 2 3 4 5 6,\
           $(if $(call unit_sources,$(floor),$(n)),$(floor).$(n))))
LIB_OBJECTS := $(if $(filter 0,$(UNITY)),$(call objects_of,$(LIB_SOURCES)),\
                 $(UNITS:%=$(B)/unity/%.o))

LIB := $(B)/libtandemq.a
DAEMON := $(if $(DAEMON_SOURCES),$(B)/tandemqd)
CTL := $(if $(CTL_SOURCES),$(B)/tandemqctl)
UNIT_TESTS := $(B)/unit_tests
BENCH := $(if $(BENCH_SOURCES),$(B)/tandemq_bench)

.PHONY: all help deps run demo test check unit-tests model asan tsan sim fuzz fuzzers e2e soak bench \
        format lint clang-tidy install docs clean FORCE

all: $(DAEMON) $(CTL)

# ---------------------------------------------------------------- compile and link

, := ,

# Rewritten only when its text changes: what is listed here rebuilds what depends on it.
$(B)/compile.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CXX) $(CPPFLAGS) $(CXXFLAGS)' | cmp -s - $@ || \
	  echo '$(CXX) $(CPPFLAGS) $(CXXFLAGS)' > $@
$(B)/%.sources: FORCE
	@mkdir -p $(@D)
	@echo '$(SOURCES) $(LDFLAGS) $(LDLIBS)' | cmp -s - $@ || \
	  echo '$(SOURCES) $(LDFLAGS) $(LDLIBS)' > $@
$(B)/lib.sources: SOURCES = $(LIB_SOURCES)
$(B)/daemon.sources: SOURCES = $(DAEMON_SOURCES)
$(B)/ctl.sources: SOURCES = $(CTL_SOURCES)
$(B)/unit.sources: SOURCES = $(UNIT_SOURCES)
$(B)/bench.sources: SOURCES = $(BENCH_SOURCES)
$(B)/shared.sources: SOURCES = $(SHARED_SOURCES)

# Test cases are compiled without optimisation: they run once, what they test does the work.
$(B)/obj/%.o: %.cpp $(B)/compile.flags
	@mkdir -p $(@D)
	$(call say,CXX,$<)
	$(Q)$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(if $(filter tests/%_test.cpp,$<),-O0) -MMD -MP -c $< -o $@

$(B)/unity/%.cpp: FORCE
	@mkdir -p $(@D)
	@printf '#include "%s"\n' $(call unit_sources,$(basename $*),$(patsubst .%,%,$(suffix $*))) | \
	  cmp -s - $@ || printf '#include "%s"\n' \
	    $(call unit_sources,$(basename $*),$(patsubst .%,%,$(suffix $*))) > $@
$(B)/unity/%.o: $(B)/unity/%.cpp $(B)/compile.flags
	$(call say,CXX,$(basename $*) $(suffix $*))
	$(Q)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

# Thin archives: they name the objects instead of copying them, and only those used are linked.
$(LIB): $(LIB_OBJECTS) $(B)/lib.sources
$(B)/libshared.a: $(call objects_of,$(SHARED_SOURCES)) $(B)/shared.sources
$(LIB) $(B)/libshared.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcT $@ $(filter %.o,$^)

# Of the daemon, and of what measures it in its own process.
ALLOCATOR := $(if $(filter release,$(FLAVOUR)),-Wl$(,)--no-as-needed -ljemalloc)
link = $(Q)$(COMPILER) $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

$(B)/tandemqd: $(call objects_of,$(DAEMON_SOURCES)) $(LIB) $(B)/daemon.sources
	$(call say,LINK,$@)
	$(link) $(ALLOCATOR) -o $@
$(B)/tandemqctl: $(call objects_of,$(CTL_SOURCES)) $(LIB) $(B)/ctl.sources
	$(call say,LINK,$@)
	$(link) -o $@
# What the programs are made of, without their main().
PROGRAM_SOURCES := $(filter-out %/main.cpp,$(DAEMON_SOURCES) $(CTL_SOURCES))
$(B)/unit_tests: $(call objects_of,$(UNIT_SOURCES) $(PROGRAM_SOURCES)) $(LIB) $(B)/unit.sources
	$(call say,LINK,$@)
	$(link) -o $@
$(B)/tandemq_bench: $(call objects_of,$(BENCH_SOURCES)) $(LIB) $(B)/bench.sources
	$(call say,LINK,$@)
	$(link) $(ALLOCATOR) -o $@
ifeq ($(FLAVOUR),asan)
$(FUZZERS:%=$(B)/%): $(B)/%: $(B)/obj/tests/fuzz/%.o $(B)/libshared.a $(LIB)
	$(call say,LINK,$@)
	$(link) -fsanitize=fuzzer -o $@
endif

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(call objects_of,$(DAEMON_SOURCES) $(CTL_SOURCES) \
           $(UNIT_SOURCES) $(BENCH_SOURCES) $(FUZZ_SOURCES)))

# ---------------------------------------------------------------- set up, run

deps:
	@packaging/install_deps packaging/deps.txt

# A primary on 1883 and a standby on 1884; their data stay in ./run/a and ./run/b.
RUN_PORT ?= 1883
run:
	@$(MAKE) deps
	@$(MAKE) all
	@RUN_PORT=$(RUN_PORT) exec packaging/run_pair

# The primary is killed under load; a report of one page. As root with keepalived, in namespaces.
demo: all
	$(Q)/usr/bin/python3 tests/e2e/demo.py $(ARGS)

# ---------------------------------------------------------------- test

# Everything that CI runs in the release flavour. The steps do not run at the same time, because
# they measure time and share two cores.
test:
	@$(MAKE) deps
	@$(MAKE) all
	@$(MAKE) check
	@$(MAKE) build/model/checked
	@$(MAKE) fuzz
	@$(MAKE) e2e

# The house's own rules (tests/tidy_test.cpp) are unit tests like the others.
check: unit-tests

# ThreadSanitizer needs a fixed memory layout where the kernel randomises too many bits.
FIXED_LAYOUT := $(if $(filter tsan,$(FLAVOUR)),\
                  $(shell setarch -R true 2>/dev/null && echo setarch -R))
unit-tests: $(UNIT_TESTS)
	$(call say,RUN,$<)
	$(Q)ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
	  TSAN_OPTIONS=halt_on_error=1:suppressions=tests/tsan.txt $(FIXED_LAYOUT) $< $(ARGS)

asan tsan:
	@$(MAKE) FLAVOUR=$@ unit-tests

# The two nodes of tests/sim: SEED=n tells the story of that run, RUNS=n tries so many.
RUNS ?= 10000
SEED ?= 0
sim: $(UNIT_TESTS)
	$(Q)TANDEMQ_SIM_SEED=$(SEED) TANDEMQ_SIM_SEEDS=$(RUNS) $< -tc='a pair keeps*'

# What spin proves of failover/model, and how each bad order ends; `make test` asks again only when
# the model has changed.
model:
	$(Q)failover/model/check build/model
build/model/checked: $(wildcard failover/model/*)
	$(Q)failover/model/check build/model
	@touch $@

# Each fuzzer runs T seconds, one a processor, from the seeds in tests/fuzz/corpus/NAME_fuzz (and
# the words in tests/fuzz/NAME_fuzz.dict). What it finds on the way is kept in build/fuzz/corpus; an
# input that fails is kept in build/fuzz/artifacts.
fuzz:
	@$(MAKE) FLAVOUR=asan fuzzers
	@$(MAKE) FLAVOUR=asan $(FUZZERS:%=run-%)
fuzzers: $(FUZZERS:%=build/asan/%)
.PHONY: $(FUZZERS:%=run-%)
$(FUZZERS:%=run-%): run-%: build/asan/%
	@mkdir -p build/fuzz/corpus/$* build/fuzz/artifacts
	@test -n "$$(ls tests/fuzz/corpus/$* 2>/dev/null)" || \
	  { echo 'tests/fuzz/corpus/$* holds no seed'; exit 1; }
	$(call say,FUZZ,$* for $(T) s)
	$(Q)ASAN_SYMBOLIZER_PATH=$$(command -v llvm-symbolizer-14) UBSAN_OPTIONS=print_stacktrace=1 \
	  $< -max_total_time=$(T) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
	  -artifact_prefix=build/fuzz/artifacts/$*- \
	  $(addprefix -dict=,$(wildcard tests/fuzz/$*.dict)) \
	  build/fuzz/corpus/$* tests/fuzz/corpus/$* > build/fuzz/$*.log 2>&1 || \
	  { tail -n 60 build/fuzz/$*.log; exit 1; }
	@printf '%-5s %s: %s inputs, none failed\n' FUZZ $* \
	  "$$(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz/$*.log)"

# The end-to-end tests start the daemons of build/release themselves, on free ports.
e2e: all
	@packaging/install_deps packaging/mosquitto_deps.txt
	$(call say,RUN,tests/e2e)
	$(Q)if [ -n '$(wildcard tests/e2e/*_test.py tests/e2e/test_*.py)' ]; then \
	  /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e $(ARGS); fi

# Failovers of all kinds in a row, under load: nothing is lost, and nothing grows.
MINUTES ?= 10
soak: all
	$(Q)/usr/bin/python3 tests/e2e/soak.py --minutes=$(MINUTES) $(ARGS)

# Compares with Debian's mosquitto, and writes docs/BENCHMARKS.md when asked to (ARGS=--help).
bench: all $(BENCH)
	@packaging/install_deps packaging/mosquitto_deps.txt
	$(Q)tests/bench/run $(ARGS)

# ---------------------------------------------------------------- form

FORMATTED = $(shell find $(wildcard src replication failover tests) -name '*.[ch]pp')
format:
	$(Q)clang-format-14 -i $(FORMATTED)

lint:
	$(call say,LINT,clang-format)
	$(Q)clang-format-14 --dry-run -Werror $(FORMATTED)
	$(call say,LINT,cppcheck)
	$(Q)mkdir -p build/cppcheck
	$(Q)cppcheck -q -j$$(nproc) --cppcheck-build-dir=build/cppcheck --std=c++20 --language=c++ \
	  --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	  --suppressions-list=tests/cppcheck.txt -Isrc -I. \
	  $(wildcard src replication failover)

# Eight seconds a file, so not a part of lint; FILES= chooses.
FILES = $(LIB_SOURCES) $(DAEMON_SOURCES) $(CTL_SOURCES)
clang-tidy:
	$(Q)printf '%s\n' $(FILES) | xargs -P$$(nproc) -I{} \
	  clang-tidy-14 --quiet {} -- -std=c++20 $(CPPFLAGS)

# Regenerates what is derived from the code; tests compare the results with what is checked in.
docs: $(B)/tandemqd $(UNIT_TESTS)
	$(call say,DOCS,docs/MQTT.md)
	$(Q)TANDEMQ_WRITE_DOCS=1 $(UNIT_TESTS) --test-suite=generated -m
	$(call say,DOCS,etc/tandemq.conf docs/man/tandemq.conf.5)
	$(Q)mkdir -p docs/man
	$(Q)$(B)/tandemqd --print-config-sample > $(B)/tandemq.conf && mv $(B)/tandemq.conf etc/
	$(Q)$(B)/tandemqd --print-config-man > $(B)/tandemq.conf.5 && mv $(B)/tandemq.conf.5 docs/man/

# ---------------------------------------------------------------- install, clean

install: all
	install -Dm755 $(B)/tandemqd $(DESTDIR)$(PREFIX)/sbin/tandemqd
	install -Dm755 $(B)/tandemqctl $(DESTDIR)$(PREFIX)/bin/tandemqctl
	test -e $(DESTDIR)$(SYSCONFDIR)/tandemq/tandemq.conf || \
	  install -Dm644 etc/tandemq.conf $(DESTDIR)$(SYSCONFDIR)/tandemq/tandemq.conf
	install -Dm644 packaging/tandemq.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/tandemq.conf
	install -d $(DESTDIR)$(UNITDIR)
	for unit in systemd/*.service; do \
	  sed 's|@PREFIX@|$(PREFIX)|g; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' $$unit \
	    > $(DESTDIR)$(UNITDIR)/$$(basename $$unit); done
	for page in $(wildcard docs/man/*.[158]); do \
	  install -Dm644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$(basename $$page); done

clean:
	rm -rf build

help:
	@sed -n 's/^  //p' <<<"$$HELP"
define HELP
  make            build/release/tandemqd and build/release/tandemqctl
  make deps       install the Debian packages that are missing
  make run        a broker on 127.0.0.1:1883 with its data in ./run
  make test       everything: build, check, fuzz, e2e
  make check      the rules of the house and the unit tests; ARGS=-tc='pattern*' chooses
  make asan       the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
  make tsan       the unit tests under ThreadSanitizer
  make sim        two nodes in the simulator: RUNS=n seeds, or the story of SEED=n
  make model      spin proves the model of the takeover, and what bad orders end in
  make fuzz T=60  each fuzzer for T seconds
  make e2e        real daemons and real clients; ARGS=... goes to pytest
  make demo       the primary of a pair is killed under load, and what came of it
  make soak       failovers in a row under load for MINUTES=n
  make bench      load on this broker and on mosquitto; ARGS=... goes to the comparison
  make format     let clang-format lay out the sources
  make lint       is the layout right, and what does cppcheck say
  make clang-tidy what clang-tidy says, in minutes; FILES=... chooses
  make docs       regenerate docs/MQTT.md, etc/tandemq.conf and its manual page
  make install    PREFIX=/usr/local DESTDIR=
  make clean      remove build/
endef
export HELP
