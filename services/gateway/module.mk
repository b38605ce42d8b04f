PROGRAM := ferry-gateway
DEPS := base crypto http aws temporal codec rules settings messages service trace
PKGS := jansson
EMBED := $(sort $(wildcard services/gateway/openapi/*.json services/gateway/page/*)) docs/errors.md
