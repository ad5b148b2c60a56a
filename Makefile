# espreset: build, test, install. `make help` lists the targets.
VERSION = 1.0.0

# The user's flags. The flags that the build needs are kept apart from them: ALL_CPPFLAGS and so on.
CC ?= cc
CFLAGS ?= -O2 -g
B ?= build
# `make Q=` prints whole commands.
Q = @

ifneq ($(CI),)
WERROR = -Werror
endif
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
       -Wformat=2 -Wvla $(WERROR)
HARDEN = -U_FORTIFY_SOURCE $(if $(filter -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong \
         -fstack-clash-protection -fPIE
PKGS = libserialport libusb-1.0 jansson libpcre2-8
SIM_PKGS = libmd
CHECK_PKGS = check zlib
ifeq ($(filter clean help dist,$(MAKECMDGOALS)),)
DEP_CFLAGS := $(shell pkg-config --cflags $(PKGS) $(SIM_PKGS) 2>/dev/null)
DEP_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
# libm has exp() and log(), used for the capacitor at EN.
SIM_LIBS := $(shell pkg-config --libs $(SIM_PKGS) 2>/dev/null) -lm
CHECK_LIBS := $(shell pkg-config --libs $(CHECK_PKGS) 2>/dev/null)
# Libraries that pkg-config does not find.
MISSING_PKGS := $(shell for p in $(PKGS) $(SIM_PKGS); do pkg-config --exists $$p || echo $$p; done 2>/dev/null)
MISSING_CHECK_PKGS := $(shell for p in $(CHECK_PKGS); do pkg-config --exists $$p || echo $$p; done 2>/dev/null)
endif
# First line of a recipe that needs libraries. If one is missing, pkg-config's message and the cure are printed, before
# the compiler complains about a header. A rule that also needs CHECK_PKGS appends MISSING_CHECK_PKGS to MISSING.
MISSING = $(MISSING_PKGS)
define missing_pkgs
@{ pkg-config --print-errors --exists $(MISSING); echo "not found by pkg-config: $(strip $(MISSING))"; \
	echo "On Debian and Ubuntu make demo installs what the program needs, make check what the tests need."; \
	echo "Elsewhere install what has these files: $(MISSING:%=%.pc)"; } >&2; exit 1
endef
NEED_PKGS = $(if $(strip $(MISSING)),$(missing_pkgs))
ALL_CPPFLAGS = -D_GNU_SOURCE -DESPRESET_VERSION='"$(VERSION)"' -Isrc -MMD -MP $(DEP_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)

# Two programs: espreset, and espreset-sim, the simulated board that espreset starts for sim:. They share no object
# file.
SIM_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard src/sim/*.c))
OBJ := $(filter-out $(SIM_OBJ),$(patsubst %.c,$(B)/%.o,$(wildcard src/*.c src/*/*.c)))
PROGRAMS = $(B)/espreset $(B)/espreset-sim
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))

.DELETE_ON_ERROR:
.PHONY: all help
all: $(PROGRAMS)

help:
	@sed -n 's/^## //p' $(filter-out %.d,$(MAKEFILE_LIST))

$(B)/espreset: $(OBJ)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DEP_LIBS) $(LDLIBS)

$(B)/espreset-sim: $(SIM_OBJ)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(SIM_LIBS) $(LDLIBS)

# The tests link with both programs, except for their main().
LIBS = $(B)/libespreset.a $(B)/libespreset-sim.a
$(B)/libespreset.a: $(filter-out $(B)/src/main.o,$(OBJ))
$(B)/libespreset-sim.a: $(filter-out $(B)/src/sim/main.o,$(SIM_OBJ))
# ar q, not r: two folders may have files of the same name, and r would keep only one of them.
$(LIBS):
	@rm -f $@
	$(Q)$(AR) qcs $@ $^

define compile
	$(NEED_PKGS)
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<
endef
$(B)/%.o: %.c
	$(compile)

# A unit test is one file, tests/unit/test_X.c, linked with the helpers in tests/*.c. WRAP_test_X lists the functions
# that the test replaces; see --wrap in ld(1).
WRAP_test_worker = open_port recover_target recover_wait recover_power_cycle
WRAP_test_tty = stat realpath calloc open close flock fcntl ioctl read ppoll clock_gettime \
	sp_get_port_by_name sp_open sp_get_port_handle sp_free_port sp_last_error_code
WRAP_test_open = resolve_port resolve_wait tty_refusal tty_open holder_find holder_wait devices_find diagnose_best
WRAP_test_commands = devices_list devices_find_holders
WRAP_test_devices = libusb_init libusb_exit libusb_get_device_list libusb_free_device_list \
	libusb_get_device_descriptor
WRAP_test_recover = wait_now_ms wait_poll open faccessat libusb_set_option libusb_init libusb_exit libusb_close \
	libusb_wrap_sys_device libusb_reset_device libusb_control_transfer
WRAP_test_ladder = wait_now_ms recover_target recover_usb_reset recover_power_cycle recover_wait
WRAP_test_diagnose = faccessat stat geteuid getegid getgroups getpwuid getgrgid getgrouplist wait_now_ms
TESTLIB := $(patsubst %.c,$(B)/%.o,$(wildcard tests/*.c))
$(B)/unit/%: $(B)/tests/unit/%.o $(TESTLIB) $(LIBS) | $(B)/unit/espreset-sim
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(foreach w,$(WRAP_$*),-Wl,--wrap=$(w)) -o $@ $^ $(DEP_LIBS) $(SIM_LIBS) $(CHECK_LIBS)
# espreset looks for espreset-sim in its own directory, and so does a unit test.
$(B)/unit/espreset-sim: | $(B)/espreset-sim
	@mkdir -p $(@D)
	@ln -sf ../espreset-sim $@
build/failalloc.so: tests/preload/failalloc.c
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -fPIC -O1 -o $@ $<
.PRECIOUS: $(B)/%.o
$(B)/tests/%.o: ALL_CPPFLAGS += -Itests
$(B)/tests/%.o: MISSING += $(MISSING_CHECK_PKGS)

# ---------------------------------------------------------------------------------------------------
# The Debian packages that are needed. With NEED=true nothing is installed.
NEED ?= tests/need
BUILD_PACKAGES = gcc libc6-dev make pkg-config libserialport-dev libusb-1.0-0-dev libjansson-dev libpcre2-dev libmd-dev
CHECK_PACKAGES = $(BUILD_PACKAGES) git check zlib1g-dev clang clang-format clang-tidy libclang-rt-dev cppcheck valgrind mandoc \
	python3 python3-venv python3-jsonschema bash-completion zsh fish
# A second make, so that pkg-config is asked again after packages were installed. $(TWO) is -j2, unless make was given
# -j.
AGAIN = $(MAKE) --no-print-directory
TWO = $(if $(findstring --jobserver,$(MAKEFLAGS)),,-j2)

## make demo          the main job on the simulated board; installs what it needs (Debian)
.PHONY: demo
demo:
	@$(NEED) $(BUILD_PACKAGES)
	+@$(AGAIN) -s all
	@sh docs/demo.sh $(B)/espreset

## make check         every test but two long ones of check-hook; installs what it needs (Debian)
.PHONY: check
check:
	@$(NEED) $(CHECK_PACKAGES) $(DRIVER_PACKAGES) $(DEB_PACKAGES)
	+@$(AGAIN) $(TWO) check-all

## make check-quick   under a minute: no root, no network, no virtual machine, installs nothing
.PHONY: check-quick
check-quick:
	+@$(AGAIN) $(TWO) unit fuzz-replay simulation-quick

# Beside the unit tests, which mostly wait.
.PHONY: simulation-quick
simulation-quick: $(B)/simulation
	@$(B)/simulation 3000 1

.PHONY: check-all
check-all:
	+@$(AGAIN) check-quick
	+@$(AGAIN) trials simulation mutants
	+@$(AGAIN) combinations
	+@$(AGAIN) builds lint asan valgrind
	+@$(AGAIN) check-packaging
	+@$(AGAIN) check-drivers
	+@$(AGAIN) check-hook CASES="$(LONG_HOOK_CASES:%=-%)"
	@echo "make check: all passed"

## make unit          every unit test, no root, no network
# Runs several tests at a time, whatever -j says, because tests that run the program mostly wait for simulated boards.
# The slowest start first.
SLOWEST = test_cli test_signals test_ready_cli test_wiring_cli test_otaprobe test_alloc test_sim_net test_recover_cli
.PHONY: unit
unit: $(UNIT) $(PROGRAMS) $(B)/simulation build/failalloc.so
	@[ -e /proc/self/fd ] && [ -c /dev/full ] || { \
		echo "the tests need /proc and /dev, as every running system has them: mount both in a bare root" >&2; exit 1; }
	@printf '%s\n' $(filter-out $(NOT_HERE),$(SLOWEST) $(filter-out $(SLOWEST),$(notdir $(UNIT)))) | \
		CK_DEFAULT_TIMEOUT=120 ESPRESET=$(B)/espreset xargs -P 8 -I {} sh -c \
		'$(B)/unit/{} >$(B)/unit/{}.log 2>&1; status=$$?; cat $(B)/unit/{}.log; exit $$status'

## make trials        10,000 random receivers at the wrong speed for each boot mode and reset cause
.PHONY: trials
trials: $(B)/unit/test_wrongbaud
	@WRONGBAUD_TRIALS=$(or $(TRIALS),10000) $<

# Random boards: tests/simulation/ runs the session on a simulated clock.
SIMULATION := $(patsubst %.c,$(B)/%.o,$(wildcard tests/simulation/*.c))
$(B)/simulation: $(SIMULATION) $(TESTLIB) $(LIBS)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DEP_LIBS) $(SIM_LIBS) $(CHECK_LIBS)

## make simulation    100,000 random boards, always the same; make soak: 10 million others. SEED= chooses
## make accuracy      how often the verdict is right, of healthy boards and of single faults: BOARDS=60000
.PHONY: simulation accuracy soak mutants
simulation: $(B)/simulation
	$(B)/simulation 100000 $(or $(SEED),1)
	$(B)/simulation --accuracy $(or $(BOARDS),20000) $(or $(SEED),1)
accuracy: $(B)/simulation
	$(B)/simulation --accuracy $(or $(BOARDS),60000) $(or $(SEED),1)
soak: $(B)/simulation
	$(B)/simulation 10000000 $(SEED)

## make combinations  300 healthy boards and 56 single faults through the program in real time; SEED= chooses
.PHONY: combinations
combinations: $(PROGRAMS)
	tests/combinations --seed $(or $(SEED),1) $(B)/espreset

# Mutants: each rule of the proof is disabled in turn, and the random boards must notice. This program alone has the
# switch for it, so it is linked with its own build of src/session.
MUTANTS := $(patsubst %.c,$(B)/mutants-obj/%.o,$(wildcard src/session/*.c tests/simulation/*.c))
$(B)/mutants-obj/%.o: %.c
	$(compile)
$(MUTANTS): ALL_CPPFLAGS += -Itests -DPROOF_MUTANTS
$(B)/mutants: $(MUTANTS) $(TESTLIB) $(LIBS)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DEP_LIBS) $(SIM_LIBS) $(CHECK_LIBS)
mutants: $(B)/mutants
	$(B)/mutants 100000 $(or $(SEED),1)

## make builds        gcc, clang, and -O0; with CI=1 a warning is an error
.PHONY: builds
builds:
	+@$(AGAIN) $(TWO) B=build/gcc CC=gcc all build/gcc/libespreset.a build/gcc/libespreset-sim.a
	+@$(AGAIN) $(TWO) B=build/clang CC=clang all build/clang/libespreset.a build/clang/libespreset-sim.a
	+@$(AGAIN) $(TWO) B=build/O0 CFLAGS=-O0 all

## make asan          unit tests and random boards under ASan and UBSan
ASAN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# These tests run the program with boards in real time, too slow under sanitizers. asan-here runs the program by itself
# below.
REALTIME = test_alloc test_cli test_signals test_ready_cli test_recover_cli test_wiring_cli
# If vm.mmap_rnd_bits is 32, the sanitizers of gcc 12 and clang 14 crash at one start in four (google/sanitizers#1614).
# That happens to Debian 12 in a container on a newer host. So address randomisation is switched off.
FIXED_ADDRESSES = $(shell setarch -R true 2>/dev/null && echo setarch -R)
.PHONY: asan asan-here valgrind
asan:
	+@$(FIXED_ADDRESSES) $(AGAIN) $(TWO) asan-here
asan-here:
	+@$(AGAIN) B=build/asan CFLAGS="-O1 -g $(ASAN)" HARDEN=-fPIE LDFLAGS="$(ASAN)" NOT_HERE="$(REALTIME)" unit
	@build/asan/simulation 5000 1
	@for words in running esp32 gpio0low nowire noimage panic unplug stall copy busy running,ota=127.0.0.1; do \
		ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99 build/asan/espreset -w 0 --json --expect . -t 5 sim:$$words >/dev/null 2>&1; \
		[ $$? -ne 99 ] || { echo "sanitizers complain about sim:$$words"; exit 1; }; done
	@ASAN_OPTIONS=exitcode=99 build/asan/espreset --probe-wiring -q sim:direct; test $$? -ne 99

## make valgrind      the unit tests that start no process, and some random boards
MEMCHECKED = verdict sequence session report chip bootlog ota firmware recover ladder
valgrind: $(MEMCHECKED:%=$(B)/unit/test_%) $(B)/simulation
	@set -e; for t in $(MEMCHECKED:%=$(B)/unit/test_%); do \
		CK_FORK=no CK_DEFAULT_TIMEOUT=300 valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite $$t; done
	@valgrind -q --error-exitcode=9 --leak-check=full $(B)/simulation 50 1

## make lint          cppcheck, clang-tidy, clang-format, layers, and what may not stand in a file
.PHONY: lint
lint:
	@sh tests/lint.sh

## make format        what .clang-format says, done to src/ and tests/
.PHONY: format
format:
	@git ls-files 'src/*.[ch]' 'tests/*.[ch]' | xargs clang-format -i --style=file

## make fuzz          libFuzzer on every parser of foreign bytes, under ASan and UBSan; SECONDS_EACH=60
## make fuzz-long     the same twenty times as fast, without sanitizers; then what it has found with them
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS_EACH ?= 60
FUZZ_CC = clang -std=c11 -D_GNU_SOURCE -Isrc -O2 -g
# Sources linked into the fuzz targets: only those that they can reach, because libFuzzer scans the coverage of all code
# after each input. FUZZ_SRC_fuzz_X replaces the list for one target.
FUZZ_SRC := $(wildcard src/bootlog/*.c src/base/*.c) src/cli/esptoolcfg.c $(wildcard src/cli/paste*.c) src/session/sequence.c
FUZZ_SRC_fuzz_agree := $(filter-out src/session/wiring.c src/session/circuit.c,$(wildcard src/bootlog/*.c src/base/*.c src/session/*.c))
FUZZ_HEADERS := $(wildcard src/*/*.h tests/*.h)
# fuzz_each DIRECTORY OPTIONS: run every target in DIRECTORY, from its corpus and with its dictionary. fuzz_agree has
# none of its own, because it reads boot logs as fuzz_bootlog does.
define fuzz_each
	@set -e; for f in $(FUZZERS); do mkdir -p $(B)/corpus/$$f; d=; w=tests/fuzz/$$f.dict; \
		[ $$f != fuzz_agree ] || w=tests/fuzz/fuzz_bootlog.dict; \
		[ ! -e $$w ] || d=-dict=$$w; $(FIXED_ADDRESSES) $(B)/$(1)/$$f $(2) $$d -max_total_time=$(SECONDS_EACH) -print_final_stats=1 \
		$(B)/corpus/$$f tests/fuzz/corpus/$$f; done
endef
.PHONY: fuzz fuzz-long fuzz-replay
fuzz: $(FUZZERS:%=$(B)/fuzz/%)
	$(call fuzz_each,fuzz,)
fuzz-long: $(FUZZERS:%=$(B)/fuzz-long/%) $(FUZZERS:%=$(B)/fuzz/%)
	$(call fuzz_each,fuzz-long,-max_len=160 -reduce_inputs=0 -entropic=0)
	@set -e; for f in $(FUZZERS); do $(B)/fuzz/$$f -runs=0 $(B)/corpus/$$f; done
fuzz_src = $(or $(FUZZ_SRC_$*),$(FUZZ_SRC))
$(B)/fuzz/%: tests/fuzz/%.c $(FUZZ_SRC) $(FUZZ_SRC_fuzz_agree) $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -o $@ $< $(fuzz_src) -lm
$(B)/fuzz-long/%: tests/fuzz/%.c $(FUZZ_SRC) $(FUZZ_SRC_fuzz_agree) $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CC) -fbuiltin -fsanitize=fuzzer -fno-sanitize-coverage=trace-cmp -o $@ $< $(fuzz_src) -lm
# Replays the committed corpus, with any compiler.
fuzz-replay: $(FUZZERS:%=$(B)/replay/%)
	@set -e; for f in $(FUZZERS); do $(B)/replay/$$f tests/fuzz/corpus/$$f/*; done
$(B)/replay/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(B)/libespreset.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DEP_LIBS) $(SIM_LIBS)

## make bench         ratios beside esptool and pyserial, and instructions a byte; installs what it needs
.PHONY: bench
bench:
	@$(NEED) $(CHECK_PACKAGES) $(DRIVER_PACKAGES)
	+@$(AGAIN) all
	@sh tests/bench/decode.sh
	+@$(AGAIN) bench-drivers

## make clean
.PHONY: clean
clean:
	rm -rf build dist

include docs/packaging/install.mk
-include tests/drivers/Makefile.inc
-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/*/*/*.d $(B)/*/*/*/*.d)
