#!/usr/bin/env bash
# Make a virtual environment in $1, with $PYTHON or the first Python from 3.11 on that is found.
set -euo pipefail

venv=$1

is_fit() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null
}

if [[ -x $venv/bin/python ]] && is_fit "$venv/bin/python" && "$venv/bin/python" -m pip --version > /dev/null 2>&1; then
    exit 0
fi

python=""
for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
    if is_fit "$candidate"; then
        python=$candidate
        break
    fi
done
if [[ -z $python ]]; then
    echo "Python 3.11 or later is needed, and none was found." >&2
    echo "To mend it: sudo apt-get install python3 python3-venv, or: make setup PYTHON=/path/to/python" >&2
    exit 1
fi

# Debian and Ubuntu keep ensurepip, without which a new environment has no pip, in a package of its own.
if ! "$python" -c 'import ensurepip' 2> /dev/null; then
    package="$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    if [[ $(id -u) -eq 0 ]] && command -v apt-get > /dev/null; then
        echo "Installing $package, which a virtual environment needs."
        apt-get update --quiet --quiet
        DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes "$package"
    else
        echo "This Python can't make virtual environments: $package is missing." >&2
        echo "To mend it: sudo apt-get install $package" >&2
        exit 1
    fi
fi

"$python" -m venv --clear "$venv"
