PROGRAM := ferry
DEPS := base http aws settings service
PKGS := jansson
