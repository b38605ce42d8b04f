DEPS := base rpc trace
PKGS := libprotobuf-c jansson
PROTO := yes
