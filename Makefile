# Ferry: see `make help`. Flag sets live in mk/toolchain.mk, the build of modules in mk/modules.mk.

LIBRARIES := base trace crypto http rpc otlp aws temporal codec rules settings uplink messages service
PROGRAMS := services/poller services/gateway services/worker cli
SUPPORT := tests/support/null_frontend
BUILD ?= build

.DEFAULT_GOAL := all
.PHONY: all help clean

include mk/toolchain.mk
include mk/proto.mk
include mk/modules.mk
-include mk/tasks.mk

all: packages programs ## builds the four programs into build/bin

.PHONY: packages
packages:
	$(if $(MISSING_PACKAGES),$(error not installed: $(MISSING_PACKAGES) (pkg-config names); `tools/setup build` installs them on Debian))@:

help: ## lists the targets
	@grep -hE '^[a-zA-Z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort -u | awk -F'\t' '{printf "  %-18s %s\n", $$1, $$2}'

clean: ## removes everything that was built
	rm -rf $(BUILD)
