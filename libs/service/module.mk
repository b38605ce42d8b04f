DEPS := base http settings
PKGS := jansson
