DEPS := base crypto http settings
PKGS := jansson
