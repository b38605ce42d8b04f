DEPS := base crypto
PKGS := grpc
