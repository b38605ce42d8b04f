PROGRAM := ferry-poller
DEPS := base http aws rules settings messages service trace
PKGS := jansson
