DEPS := base rules
PKGS :=
