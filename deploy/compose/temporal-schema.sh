#!/bin/sh
# Creates and updates Temporal's two databases; running it again changes nothing.
set -eu
export SQL_PLUGIN SQL_HOST SQL_PORT SQL_USER SQL_PASSWORD
for database in temporal temporal_visibility; do
    schema=temporal
    [ "$database" = temporal_visibility ] && schema=visibility
    temporal-sql-tool --db "$database" create || true
    temporal-sql-tool --db "$database" setup-schema -v 0.0 || true
    temporal-sql-tool --db "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
