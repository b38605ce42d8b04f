PROGRAM := ferry-worker
DEPS := base http aws temporal settings uplink service trace
PKGS := jansson
