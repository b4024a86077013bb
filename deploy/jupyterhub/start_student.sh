#!/bin/sh
# Gives a student the pages that they do not have yet, then starts their server.
# What a student has changed is never written over.
set -eu
pages=$(cd "$HUB_NOTEBOOKS" && pwd)
cd "$HOME"
mkdir -p attention
for page in "$pages"/*.ipynb; do
    copy="attention/$(basename "$page")"
    [ -e "$copy" ] || cp "$page" "$copy"
done
exec jupyterhub-singleuser "$@"
