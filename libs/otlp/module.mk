DEPS := base http trace
PKGS := jansson
