PROGRAM := ferry-poller
DEPS := base http aws settings service
PKGS := jansson
