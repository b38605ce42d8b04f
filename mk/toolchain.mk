# Compiler, warnings, hardening and sanitizer flag sets.
# CC=clang switches the compiler; SANITIZE=address|thread|fuzzer|coverage switches the kind of build.
# Each kind of build has objects of its own below $(OUT).

ifeq ($(origin CC),default)
CC := gcc
endif
SANITIZE ?=

CC_KIND := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),clang,gcc)
FAILPOINTS ?=
OUT := $(BUILD)/$(CC_KIND)$(if $(SANITIZE),-$(SANITIZE))$(if $(FAILPOINTS),-failpoints)
BIN := $(if $(filter gcc,$(notdir $(OUT))),$(BUILD)/bin,$(OUT)/bin)

STANDARD := -std=c17 -D_GNU_SOURCE -pthread

WARNINGS := -Werror -Wall -Wextra -Wpedantic -Wformat -Wformat=2 -Wconversion -Wsign-conversion \
  -Wimplicit-fallthrough -Wshadow -Wundef -Wvla -Wcast-qual -Wpointer-arith -Wwrite-strings \
  -Wstrict-prototypes -Wold-style-definition -Wmissing-prototypes -Wmissing-declarations \
  -Wredundant-decls -Wnested-externs -Wdouble-promotion -Wfloat-equal -Wdate-time \
  -Wnull-dereference -Wunused-result -Wframe-larger-than=16384 -Werror=format-security \
  -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion -Werror=return-type
WARNINGS_gcc := -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wrestrict -Wjump-misses-init \
  -Wtrampolines -Wbidi-chars=any -Wformat-signedness -Walloc-zero -Walloca -Warith-conversion \
  -Wcast-align=strict -Wuse-after-free=3
WARNINGS_clang := -Wcomma -Wconditional-uninitialized -Wassign-enum -Wunreachable-code-aggressive \
  -Wmissing-variable-declarations -Wshorten-64-to-32

HARDENING := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
  -fstack-clash-protection -fno-delete-null-pointer-checks -fno-strict-overflow \
  -fno-strict-aliasing -fexceptions -fPIE -fno-common -ffile-prefix-map=$(CURDIR)=.
MACHINE := $(shell uname -m)
ifeq ($(MACHINE),x86_64)
HARDENING += -fcf-protection=full
else ifeq ($(MACHINE),aarch64)
HARDENING += -mbranch-protection=standard
endif
HARDENING_gcc := -ftrivial-auto-var-init=zero
HARDENING_clang := -ftrivial-auto-var-init=pattern

HARDENED_LINK := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen \
  -Wl,-z,separate-code -Wl,-z,defs -Wl,--as-needed -Wl,--no-copy-dt-needed-entries -Wl,--fatal-warnings

SANITIZER_COMMON := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all -fPIE -fno-common -fexceptions
SANITIZER_address := -fsanitize=address,undefined -fsanitize-address-use-after-scope
SANITIZER_thread := -fsanitize=thread
SANITIZER_fuzzer := -fsanitize=fuzzer-no-link,address,undefined
SANITIZER_coverage := --coverage

ifeq ($(SANITIZE),)
BUILD_CFLAGS := $(HARDENING) $(HARDENING_$(CC_KIND))
BUILD_LDFLAGS := $(HARDENED_LINK)
else
BUILD_CFLAGS := $(SANITIZER_COMMON) $(SANITIZER_$(SANITIZE))
BUILD_LDFLAGS := -pie $(SANITIZER_$(SANITIZE))
endif

# FAILPOINTS=1 compiles the named failpoints of tests in; never into what is shipped.
FERRY_VERSION := 0.1.0
CFLAGS_ALL = $(STANDARD) $(WARNINGS) $(WARNINGS_$(CC_KIND)) $(BUILD_CFLAGS) -DFERRY_VERSION='"$(FERRY_VERSION)"' $(if $(FAILPOINTS),-DFERRY_FAILPOINTS) $(CFLAGS)
LDFLAGS_ALL = -pthread $(BUILD_LDFLAGS) $(LDFLAGS)

# One short line for each step; V=1 shows the commands, -s nothing.
V ?=
Q := $(if $(V),,@)
IS_SILENT := $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V)$(IS_SILENT),@:,@echo "  $(1)$(if $(filter CC,$(1)),  , )$(@:$(OUT)/%=%)")
