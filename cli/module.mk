PROGRAM := ferry
DEPS := base crypto http aws rules settings service
PKGS := jansson
