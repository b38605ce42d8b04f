PROGRAM := ferry-gateway
DEPS := base crypto http aws temporal rules settings service
PKGS := jansson
