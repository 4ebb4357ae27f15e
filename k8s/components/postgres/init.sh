#!/bin/sh
# Run once by the image, on an empty volume.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner_password="$(cat /run/secrets/postgres/owner-password)" \
  --set app_password="$(cat /run/secrets/postgres/app-password)" \
  --file /docker-entrypoint-initdb.d/roles.sql
