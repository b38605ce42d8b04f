PROGRAM := ferry-worker
DEPS := base http aws temporal settings service
PKGS := jansson
