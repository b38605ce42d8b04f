#!/bin/sh
# Makes Temporal's two databases and brings their schemas to the version of this image. Running it again changes nothing:
# each of the three steps leaves alone what is there.
# temporal-sql-tool reads SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD.
set -eu
: "${SCHEMAS:=/etc/temporal/schema/postgresql/v12}"

bring_up_to_date() { # DATABASE FOLDER
    temporal-sql-tool --db "$1" create
    temporal-sql-tool --db "$1" setup-schema -v 0.0
    temporal-sql-tool --db "$1" update-schema -d "$SCHEMAS/$2/versioned"
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
echo "temporal-schema: both databases are up to date"
