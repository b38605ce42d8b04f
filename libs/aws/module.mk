DEPS := base crypto http
PKGS := jansson
