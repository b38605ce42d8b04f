DEPS := base
