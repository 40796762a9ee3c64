#!/bin/sh
# Prints the newest CPython from 3.12 on that runs here, or nothing: Django 6 needs one. Looks on PATH and among
# pyenv's versions.
set -u
for minor in 14 13 12; do
    for candidate in "python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$minor".*/bin/python; do
        if "$candidate" -c "import sys, ssl, sqlite3; sys.exit(sys.version_info[:2] != (3, $minor))" 2>/dev/null; then
            echo "$candidate"
            exit 0
        fi
    done
done
