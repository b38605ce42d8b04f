PROGRAM := ferry-gateway
DEPS := base crypto http temporal settings service
PKGS := jansson
