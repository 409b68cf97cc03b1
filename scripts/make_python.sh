#!/bin/sh
# Make an empty environment with uv in it: Python 3.11 or 3.12 is all that must be there.
# usage: scripts/make_python.sh FOLDER
set -eu
venv=$1
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }
find_python() {
    for name in "${PYTHON:-python3}" python3.12 python3.11 python3; do
        if fits "$name"; then command -v "$name"; return; fi
    done
    echo "No Python 3.11 or 3.12 found. Rule: one of them is needed. Repair: PYTHON=/path/to/python3.12 make $*" >&2
    return 1
}

# uv goes into the environment itself; where ensurepip is missing (Debian without python3-venv),
# a uv on the PATH or the system's pip puts it there.
make_environment() {
    python=$(find_python)
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet uv
    else
        "$python" -m venv --without-pip "$venv"
        command -v uv >/dev/null || "$python" -m pip --python "$venv/bin/python" install --quiet uv || {
            echo "Neither ensurepip, uv nor pip found. Repair: install python3-venv, or uv" >&2
            return 1
        }
    fi
}

fits "$venv/bin/python" || make_environment
