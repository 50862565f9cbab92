#!/usr/bin/env bash
# Say where Java is. Where it is missing, install it if that is possible, else say how.
set -euo pipefail

find_java() {
    if [[ -n "${JAVA_HOME:-}" && -x "$JAVA_HOME/bin/java" ]]; then
        echo "$JAVA_HOME/bin/java"
    else
        command -v java
    fi
}

install_java() {
    [[ $(id -u) -eq 0 ]] && command -v apt-get > /dev/null || return 1
    echo "Installing Java, which the tests of Spark need." >&2
    apt-get update --quiet --quiet >&2
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes default-jre-headless >&2
}

if ! find_java && ! { install_java && find_java; }; then
    echo "The tests of the engine spark need Java 17 or newer, and it is not installed." >&2
    echo "To mend it: sudo apt-get install default-jre-headless" >&2
    exit 1
fi
