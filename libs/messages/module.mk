DEPS := base crypto aws rules settings trace
PKGS := jansson
