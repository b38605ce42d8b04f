DEPS :=
PKGS := yaml-0.1
