#!/bin/sh
# Gives a student the pages that they do not have yet, then starts their server.
# What a student has changed is never written over.
set -eu
pages=$(cd "$HUB_NOTEBOOKS" && pwd)
cd "$HOME"
mkdir -p attention
new=""
for page in "$pages"/*.ipynb; do
    copy="attention/$(basename "$page")"
    [ -e "$copy" ] || { cp "$page" "$copy" && new="yes"; }
done
# A page that is trusted moves as soon as it is opened.
if [ -n "$new" ]; then jupyter trust attention/*.ipynb > /dev/null; fi
exec jupyterhub-singleuser "$@"
