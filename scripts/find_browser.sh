#!/usr/bin/env bash
# Say where Chromium is. Where it is missing, install it if that is possible, else say how.
set -euo pipefail

find_browser() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

install_browser() {
    [[ $(id -u) -eq 0 ]] && command -v apt-get > /dev/null || return 1
    echo "Installing Chromium, which the tests of the pages drive." >&2
    apt-get update --quiet --quiet >&2
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes chromium >&2
}

if ! find_browser && ! { install_browser && find_browser; }; then
    echo "The tests drive Chromium, and it is not installed." >&2
    echo "To mend it: sudo apt-get install chromium" >&2
    exit 1
fi
