DEPS := base
PKGS := jansson libpcre2-8
