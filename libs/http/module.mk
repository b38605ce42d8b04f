DEPS := base
PKGS := libcurl libmicrohttpd jansson
