# Turns each module.mk (DEPS, PKGS, PROGRAM, PROTO, EMBED) into a static library or a program. A module sees its
# own folder and the include folders of exactly the libraries that its DEPS name.

.PHONY: libraries programs support tests

# One flat list of what is linked after library $(1): itself and everything below it, in LIBRARIES' reverse order.
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
LINK_ORDER := $(call reverse,$(LIBRARIES))

# $(1) = module folder, $(2) = short name
define read_module
DEPS :=
PKGS :=
PROGRAM :=
PROTO :=
EMBED :=
include $(1)/module.mk
$(2)_DEPS := $$(DEPS)
$(2)_PKGS := $$(PKGS)
$(2)_PROGRAM := $$(PROGRAM)
$(2)_PROTO := $$(PROTO)
$(2)_EMBED := $$(EMBED)
$(2)_DIR := $(1)
endef

name_of = $(notdir $(1))
$(foreach l,$(LIBRARIES),$(eval $(call read_module,libs/$(l),$(l))))
$(foreach p,$(PROGRAMS) $(SUPPORT),$(eval $(call read_module,$(p),$(call name_of,$(p)))))

closure = $(sort $(1) $(foreach d,$($(1)_DEPS),$(call closure,$(d))))
closure_of_list = $(sort $(foreach d,$(1),$(call closure,$(d))))
link_libraries = $(foreach l,$(LINK_ORDER),$(if $(filter $(l),$(1)),$(OUT)/lib/lib$(l).a))
all_packages = $(sort $(foreach l,$(1),$($(l)_PKGS)))

# Each package is asked about once. A missing one is named by `make` before the compiler stumbles over it.
PACKAGES := $(sort $(foreach l,$(LIBRARIES) $(call name_of,$(PROGRAMS)),$($(l)_PKGS)))
define ask_package
CFLAGS_OF_$(1) := $$(shell pkg-config --cflags $(1) 2>/dev/null)
LIBS_OF_$(1) := $$(shell pkg-config --libs $(1) 2>/dev/null)
endef
$(foreach p,$(PACKAGES) cmocka,$(eval $(call ask_package,$(p))))
package_cflags = $(sort $(foreach p,$(1),$(CFLAGS_OF_$(p))))
package_libs = $(foreach p,$(1),$(LIBS_OF_$(p)))
MISSING_PACKAGES := $(strip $(foreach p,$(PACKAGES),$(if $(LIBS_OF_$(p)),,$(p))))

# $(1) = library
define library_rules
$(1)_SOURCES := $$(sort $$(shell find libs/$(1)/src -name '*.c' 2>/dev/null))
$(1)_OBJECTS := $$($(1)_SOURCES:%.c=$(OUT)/%.o)
$(1)_INCLUDES := -Ilibs/$(1)/include -Ilibs/$(1)/src $$(foreach d,$$($(1)_DEPS),-Ilibs/$$(d)/include)
$(1)_CFLAGS := $$($(1)_INCLUDES) $$(if $$($(1)_PROTO),$$(PROTO_CFLAGS)) $$(call package_cflags,$$($(1)_PKGS))
$$($(1)_OBJECTS): $(OUT)/%.o: %.c $$(if $$($(1)_PROTO),$$(PROTO_STAMP))
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$($(1)_CFLAGS) -MMD -MP -c $$< -o $$@
$(OUT)/lib/lib$(1).a: $$($(1)_OBJECTS) $$(if $$($(1)_PROTO),$$(PROTO_OBJECTS))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
-include $$($(1)_OBJECTS:.o=.d)
endef
$(foreach l,$(LIBRARIES),$(eval $(call library_rules,$(l))))

# $(1) = program folder, $(2) = short name, $(3) = target that builds it, $(4) = where to. Everything but main.c goes to an archive, so that tests can link it.
# The files of EMBED become a C table (tools/embed), which the program declares in its embedded.h.
define program_rules
$(2)_SOURCES := $$(sort $$(shell find $(1) -name '*.c' 2>/dev/null))
$(2)_OBJECTS := $$($(2)_SOURCES:%.c=$(OUT)/%.o)
$(2)_EMBEDDED := $$(if $$($(2)_EMBED),$(OUT)/embedded/$(2).o)
$(2)_PARTS := $$(filter-out $(OUT)/$(1)/main.o,$$($(2)_OBJECTS)) $$($(2)_EMBEDDED)
$(2)_CLOSURE := $$(call closure_of_list,$$($(2)_DEPS))
$(2)_CFLAGS := -I$(1) $$(foreach d,$$($(2)_DEPS),-Ilibs/$$(d)/include) $$(if $$($(2)_PROTO),$$(PROTO_CFLAGS)) \
  $$(call package_cflags,$$($(2)_PKGS))
$(2)_LIBS := $$(call package_libs,$$(call all_packages,$$($(2)_CLOSURE)) $$($(2)_PKGS))
$$($(2)_OBJECTS): $(OUT)/%.o: %.c $$(if $$($(2)_PROTO),$$(PROTO_STAMP))
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$($(2)_CFLAGS) -MMD -MP -c $$< -o $$@
$(OUT)/embedded/$(2).c: $$($(2)_EMBED) tools/embed $(1)/module.mk
	@mkdir -p $$(@D)
	$$(Q)tools/embed $(1) $$($(2)_EMBED) > $$@
$(OUT)/embedded/$(2).o: $(OUT)/embedded/$(2).c $(1)/embedded.h
	$$(call say,CC)
	$$(Q)$$(CC) $$(CFLAGS_ALL) -I$(1) -c $$< -o $$@
$(OUT)/lib/lib$(2)-program.a: $$($(2)_PARTS)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
$(4)/$$($(2)_PROGRAM): $(OUT)/$(1)/main.o $(OUT)/lib/lib$(2)-program.a $$(call link_libraries,$$($(2)_CLOSURE))
	@mkdir -p $$(@D)
	$$(call say,LINK)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$($(2)_LIBS)
$(3): $(4)/$$($(2)_PROGRAM)
-include $$($(2)_OBJECTS:.o=.d)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rules,$(p),$(call name_of,$(p)),programs,$(BIN))))
# Servers for tests and benches: built like a program, shipped to nobody.
$(foreach p,$(SUPPORT),$(eval $(call program_rules,$(p),$(call name_of,$(p)),support,$(patsubst %/bin,%/support,$(BIN)))))
support: ## builds the servers that tests and benches need (null-frontend)

libraries: $(foreach l,$(LIBRARIES),$(OUT)/lib/lib$(l).a) ## builds the libraries only

# Unit tests: tests/unit/<module>/<file>_test.c is one program, which may include that module's private headers.
# tests/unit/<module>/support*.c are linked to each of the module's tests.
# $(1) = module, $(2) = its folder, $(3) = its archives
define unit_test_rules
$(1)_TEST_SOURCES := $$(sort $$(wildcard tests/unit/$(1)/*_test.c))
$(1)_TEST_SUPPORT := $$(patsubst %.c,$(OUT)/%.o,$$(sort $$(wildcard tests/unit/$(1)/support*.c)))
$(1)_TESTS := $$($(1)_TEST_SOURCES:%.c=$(OUT)/%)
$$(patsubst %.c,$(OUT)/%.o,$$(sort $$(wildcard tests/unit/$(1)/*.c))): $(OUT)/%.o: %.c $$(if $$($(1)_PROTO),$$(PROTO_STAMP))
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$($(1)_CFLAGS) -Itests/unit/$(1) $$(call package_cflags,cmocka) -Wno-missing-prototypes -MMD -MP -c $$< -o $$@
$$($(1)_TESTS): %: %.o $$($(1)_TEST_SUPPORT) $(3)
	$$(call say,LINK)
	$$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(call package_libs,cmocka $$(call all_packages,$$(call closure,$(1))))
tests: $$($(1)_TESTS)
test-$(1): $$($(1)_TESTS)
	@set -e; for t in $$^; do echo "== $$$$t"; $$(TEST_WRAPPER) $$$$t; done
.PHONY: test-$(1)
UNIT_TESTS += $$($(1)_TESTS)
-include $$(patsubst %.c,$(OUT)/%.d,$$(sort $$(wildcard tests/unit/$(1)/*.c)))
endef
TEST_WRAPPER ?=
UNIT_TESTS :=
$(foreach l,$(LIBRARIES),$(eval $(call unit_test_rules,$(l),libs/$(l),$(call link_libraries,$(call closure,$(l))))))
$(foreach p,$(PROGRAMS) $(SUPPORT),$(eval $(call unit_test_rules,$(call name_of,$(p)),$(p),$(OUT)/lib/lib$(call name_of,$(p))-program.a $(call link_libraries,$(call closure_of_list,$($(call name_of,$(p))_DEPS))))))

tests: ## builds the unit tests

# Fuzz targets: tests/fuzz/<name>_fuzz.c, linked with every library; they see all libraries' headers, private ones too.
# One whose name begins with a program's (gateway_request_fuzz.c) sees that program's parts as well.
.PHONY: fuzzers
FUZZ_INCLUDES := $(foreach l,$(LIBRARIES),-Ilibs/$(l)/include -Ilibs/$(l)/src)
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
FUZZ_PROGRAMS := $(FUZZERS:%=$(OUT)/fuzz/%)
fuzzers: $(FUZZ_PROGRAMS)
# $(1) = target, $(2) = folder of the program that it belongs to, or nothing
define fuzz_rules
$(OUT)/fuzz/$(1): tests/fuzz/$(1).c $(if $(2),$(OUT)/lib/lib$(call name_of,$(2))-program.a) $$(call link_libraries,$$(LIBRARIES)) | $$(PROTO_STAMP)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(CC) $$(CFLAGS_ALL) -Wno-missing-prototypes $$(addprefix -I,$(2)) $$(FUZZ_INCLUDES) $$(PROTO_CFLAGS) -MMD -MP -MT $$@ -MF $$@.d \
	  -fsanitize=fuzzer,address,undefined -pie -o $$@ $$(filter %.c %.a,$$^) $$(call package_libs,$$(call all_packages,$$(LIBRARIES)))
-include $(OUT)/fuzz/$(1).d
endef
program_of_fuzzer = $(firstword $(foreach p,$(PROGRAMS),$(if $(filter $(call name_of,$(p))_%,$(1)),$(p))))
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rules,$(f),$(call program_of_fuzzer,$(f)))))
