#!/bin/sh
# Write the folder of saved runs and kept data into an archive: deploy/backup.sh RUNS_FOLDER ARCHIVE.tar.gz
# The server can go on meanwhile: each file is replaced as a whole, and half-written ones are left out.
set -eu
[ $# -eq 2 ] || { echo "usage: backup.sh RUNS_FOLDER ARCHIVE.tar.gz" >&2; exit 2; }
[ -d "$1" ] || { echo "error: $1 is not a folder" >&2; exit 1; }
umask 077
part="$2.part"
trap 'rm -f "$part"' EXIT
# A file that goes while it is read is no fault: tar then ends with 1.
tar --exclude='.*.encore-part' -czf "$part" -C "$1" . || [ $? -eq 1 ]
gzip -t "$part"
mv "$part" "$2"
echo "Wrote $2: $(tar -tzf "$2" | grep -vc '/$') files."
