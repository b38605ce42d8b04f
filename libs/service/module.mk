DEPS := base crypto http settings trace otlp
PKGS := jansson
