DEPS := base
PKGS :=
