#!/bin/sh
# Makes the passwords and the token of the Compose files and of deploy/kubernetes, at random: deploy/secrets/NAME.
# A file that is there stays as it is: the database keeps the password it was made with.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
# The folder is for its owner alone. In a container a user of the image reads the file, so that may be read by all.
chmod 0700 secrets
for name in http-token database-password grafana-password clickhouse-password; do
  if [ -s "secrets/$name" ]; then
    echo "deploy/secrets/$name stays as it is"
    continue
  fi
  od -An -N 32 -t x1 /dev/urandom | tr -d ' \n' > "secrets/$name.new"
  [ "$(wc -c < "secrets/$name.new")" -eq 64 ] || { echo "no random bytes from /dev/urandom" >&2; exit 1; }
  chmod 0444 "secrets/$name.new"
  mv "secrets/$name.new" "secrets/$name"
  echo "deploy/secrets/$name is made"
done
