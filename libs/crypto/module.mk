DEPS := base
PKGS := libcrypto
