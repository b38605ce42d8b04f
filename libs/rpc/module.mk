DEPS := base
PKGS := grpc
