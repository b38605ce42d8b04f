DEPS := base crypto http aws rules settings trace
PKGS := jansson
