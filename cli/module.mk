PROGRAM := ferry
DEPS := base settings service
PKGS := jansson
