# espreset: build, test, install. `make help` lists the targets.
VERSION = 1.0.0

# The user's flags; what the build needs is kept apart from them.
CC ?= cc
CFLAGS ?= -O2 -g
B ?= build

ifneq ($(CI),)
WERROR = -Werror
endif
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
       -Wformat=2 -Wvla $(WERROR)
HARDEN = -U_FORTIFY_SOURCE $(if $(filter -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong \
         -fstack-clash-protection -fPIE
PKGS = libserialport libusb-1.0 jansson
ifeq ($(filter clean help dist,$(MAKECMDGOALS)),)
DEP_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
DEP_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)
endif
ALL_CPPFLAGS = -D_GNU_SOURCE -DESPRESET_VERSION='"$(VERSION)"' -Isrc -MMD -MP $(DEP_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)

SRC := $(wildcard src/*.c src/*/*.c)
OBJ := $(SRC:%.c=$(B)/%.o)
LIBOBJ := $(filter-out $(B)/src/main.o,$(OBJ))
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))

.DELETE_ON_ERROR:
.PHONY: all help
all: $(B)/espreset

help:
	@sed -n 's/^## //p' $(filter-out %.d,$(MAKEFILE_LIST))

$(B)/espreset: $(OBJ)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DEP_LIBS) $(LDLIBS)

# What the tests link with: everything but main().
$(B)/libespreset.a: $(LIBOBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# A unit test is one file, tests/unit/test_X.c, with helpers from tests/*.c. Functions of the C library and of
# libusb that it replaces are named in WRAP_test_X; see ld(1), --wrap.
WRAP_test_tty = stat realpath calloc open close flock fcntl ioctl read ppoll clock_gettime \
	sp_get_port_by_name sp_open sp_get_port_handle sp_close sp_free_port sp_last_error_code
TESTLIB := $(patsubst %.c,$(B)/%.o,$(wildcard tests/*.c))
$(B)/unit/%: $(B)/tests/unit/%.o $(TESTLIB) $(B)/libespreset.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(foreach w,$(WRAP_$*),-Wl,--wrap=$(w)) -o $@ $^ $(DEP_LIBS) $(CHECK_LIBS) -lm
.PRECIOUS: $(B)/tests/unit/%.o
$(B)/tests/%.o: ALL_CPPFLAGS += -Itests

## make unit          every unit test, no root, no network
.PHONY: unit
unit: $(UNIT) $(B)/espreset
	@set -e; for t in $(UNIT); do ESPRESET=$(CURDIR)/$(B)/espreset $$t; done

## make clean
.PHONY: clean
clean:
	rm -rf build dist

include docs/packaging/install.mk
-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/*/*/*.d)
