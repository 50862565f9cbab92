#!/usr/bin/env bash
# Say where the programs are that the tests start. What is missing is installed if that is possible, else named.
set -euo pipefail

# One a line: how to find it, Debian's packages, what needs it.
readonly TOOLS="
find_browser|chromium|Chromium, which the tests of the pages drive
find_java|default-jre-headless|Java, which the tests of Spark need
find_maven|maven|Maven, which fetches the jars that tests give to Spark, and HDFS
find_postgresql|postgresql|PostgreSQL, a server of which the tests of databases start
find_mariadb|mariadb-server-core mariadb-client-core|MariaDB, a server of which the tests of databases start
find_ltdl|libltdl7|libltdl, which the driver of SQL Server links to
"

find_browser() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

find_java() {
    if [[ -n "${JAVA_HOME:-}" && -x "$JAVA_HOME/bin/java" ]]; then
        echo "$JAVA_HOME/bin/java"
    else
        command -v java
    fi
}

find_maven() {
    command -v mvn
}

find_postgresql() {
    compgen -G "/usr/lib/postgresql/*/bin/postgres" || command -v postgres
}

find_mariadb() {
    # With it comes what makes a new server's folder, and a part of that comes with the client.
    command -v my_print_defaults > /dev/null && PATH="$PATH:/usr/sbin" command -v mariadbd
}

find_ltdl() {
    compgen -G "/usr/lib/*/libltdl.so.7" || compgen -G "/usr/lib*/libltdl.so.7"
}

install_packages() {
    [[ $(id -u) -eq 0 ]] && command -v apt-get > /dev/null || return 1
    apt-get update --quiet --quiet >&2
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes "$@" >&2
}

missing=()
while IFS="|" read -r finder packages purpose; do
    [[ -n "$finder" ]] || continue
    "$finder" && continue
    echo "Installing $purpose." >&2
    # shellcheck disable=SC2086  they are several words
    install_packages $packages < /dev/null && "$finder" || missing+=($packages)
done <<< "$TOOLS"

if ((${#missing[@]})); then
    echo "The tests start programs that are not installed. To mend it: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
