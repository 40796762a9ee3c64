#!/bin/sh
# Makes a virtual environment with a current pip, also where Python lacks ensurepip (as Debian's may).
# Usage: make-venv.sh PYTHON FOLDER
set -eu
python=$1
venv=$2

if "$python" -c 'import ensurepip' 2>/dev/null && "$python" -m venv --clear "$venv" >/dev/null 2>&1; then
    : # The usual case.
elif "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear --without-pip "$venv"
    "$python" -m pip --python "$venv/bin/python" install --quiet pip
else
    echo "ferrauth: $python has neither ensurepip nor pip. On Debian: apt-get install python3-venv" >&2
    exit 1
fi
# Dependency groups (PEP 735) need pip 25.1.
"$venv/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
