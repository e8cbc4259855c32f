#!/bin/sh
# Bring back what backup.sh wrote, into a folder that is empty or not there: deploy/restore.sh ARCHIVE.tar.gz RUNS_FOLDER
set -eu
[ $# -eq 2 ] || { echo "usage: restore.sh ARCHIVE.tar.gz RUNS_FOLDER" >&2; exit 2; }
[ -f "$1" ] || { echo "error: there is no file $1" >&2; exit 1; }
gzip -t "$1" || { echo "error: $1 is damaged" >&2; exit 1; }
if [ -d "$2" ] && [ -n "$(ls -A "$2")" ]; then
  echo "error: $2 is not empty. Move it away first." >&2
  exit 1
fi
umask 077
mkdir -p "$2"
tar -xzf "$1" -C "$2"
echo "Restored $(find "$2" -type f | wc -l) files to $2. Let the user of the server own them (chown -R)."
