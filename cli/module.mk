PROGRAM := ferry
DEPS := base crypto http aws settings service
PKGS := jansson
