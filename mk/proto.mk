# Generated protobuf-c code: made from proto/ at build time, below $(OUT)/proto, never committed.

PROTO_FILES := $(sort $(shell find proto -name '*.proto' 2>/dev/null))
PROTO_OUT := $(OUT)/proto
PROTO_STAMP := $(PROTO_OUT)/.generated
PROTO_SOURCES := $(PROTO_FILES:proto/%.proto=$(PROTO_OUT)/%.pb-c.c)
PROTO_OBJECTS := $(PROTO_SOURCES:.c=.o)
PROTO_CFLAGS := -Ulinux -isystem $(PROTO_OUT)

$(PROTO_STAMP): $(PROTO_FILES)
	@rm -rf $(PROTO_OUT) && mkdir -p $(PROTO_OUT)
	protoc-c -Iproto --c_out=$(PROTO_OUT) $(PROTO_FILES)
	@touch $@

$(PROTO_SOURCES): $(PROTO_STAMP) ;

$(PROTO_OBJECTS): %.o: %.c
	$(CC) $(CFLAGS_ALL) -Wno-cast-qual -Wno-redundant-decls $(PROTO_CFLAGS) $(shell pkg-config --cflags libprotobuf-c) -c $< -o $@
