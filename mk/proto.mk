# Generated protobuf-c code: made from proto/ at build time, below $(OUT)/proto, never committed.
# Google's well-known types come from the protobuf package's own include folder.

PROTO_WELL_KNOWN_ROOT ?= /usr/include
PROTO_WELL_KNOWN := $(addprefix google/protobuf/,any.proto duration.proto timestamp.proto wrappers.proto)
PROTO_FILES := $(sort $(shell find proto -name '*.proto' 2>/dev/null))
PROTO_OUT := $(OUT)/proto
PROTO_STAMP := $(PROTO_OUT)/.generated
# service.proto only describes the calls: protoc-c makes nothing of it.
PROTO_SOURCES := $(patsubst %.proto,$(PROTO_OUT)/%.pb-c.c,$(PROTO_WELL_KNOWN) \
  $(patsubst proto/%,%,$(filter-out %/service.proto,$(PROTO_FILES))))
PROTO_OBJECTS := $(PROTO_SOURCES:.c=.o)
PROTO_CFLAGS := -isystem $(PROTO_OUT)

$(PROTO_STAMP): $(PROTO_FILES)
	@rm -rf $(PROTO_OUT) && mkdir -p $(PROTO_OUT)
	@echo protoc-c proto/
	@protoc-c -Iproto -I$(PROTO_WELL_KNOWN_ROOT) --c_out=$(PROTO_OUT) $(PROTO_WELL_KNOWN) $(PROTO_FILES)
	@touch $@

$(PROTO_SOURCES): $(PROTO_STAMP) ;

$(PROTO_OBJECTS): %.o: %.c
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS_ALL) -Wno-cast-qual -Wno-redundant-decls $(PROTO_CFLAGS) $(CFLAGS_OF_libprotobuf-c) -c $< -o $@
