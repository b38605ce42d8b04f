PROGRAM := ferry-worker
DEPS := base http aws temporal codec settings service trace
PKGS := jansson
