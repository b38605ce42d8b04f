PROGRAM := null-frontend
DEPS := base rpc temporal
PKGS := grpc libprotobuf-c
PROTO := yes
