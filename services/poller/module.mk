PROGRAM := ferry-poller
DEPS := base http aws rules settings service
PKGS := jansson
