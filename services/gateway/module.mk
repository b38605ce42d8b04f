PROGRAM := ferry-gateway
DEPS := base crypto http temporal rules settings service
PKGS := jansson
