DEPS := base crypto temporal
PKGS := jansson
