PROGRAM := ferry
DEPS := base crypto http aws temporal rules settings uplink messages service
PKGS := jansson
EMBED := docs/configuration.md
