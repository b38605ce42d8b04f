DEPS := base crypto http
PKGS :=
