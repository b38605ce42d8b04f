DEPS := base settings temporal codec
PKGS :=
