DEPS := base crypto http aws rules settings
PKGS := jansson
