PROGRAM := ferry-gateway
DEPS := base http crypto temporal settings service
PKGS := jansson
