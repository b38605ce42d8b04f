DEPS := base
PKGS := libcurl libmicrohttpd gnutls jansson zlib
