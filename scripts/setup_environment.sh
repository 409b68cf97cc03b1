#!/bin/sh
# Make .venv with everything the project needs: Python 3.11 or 3.12 is all that must be there.
# usage: scripts/setup_environment.sh [FOLDER]    (default .venv)
set -eu
venv=${1:-.venv}

sh scripts/make_python.sh "$venv"
uv=$(command -v "$venv/bin/uv" || command -v uv)
UV_LINK_MODE=copy "$uv" pip install --quiet --python "$venv/bin/python" --constraint constraints.txt \
    --editable ".[cucim-cu13]" --group dev
touch "$venv/.ready"
