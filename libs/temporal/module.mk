DEPS := base rpc
PKGS := libprotobuf-c jansson
PROTO := yes
