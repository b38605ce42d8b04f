PROGRAM := ferry-gateway
DEPS := base crypto http aws temporal rules settings uplink messages service trace
PKGS := jansson
EMBED := $(sort $(wildcard services/gateway/openapi/*.json services/gateway/page/*)) docs/errors.md
