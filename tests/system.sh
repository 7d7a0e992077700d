#!/bin/sh
# What the tests use besides Python: installed from Debian where apt and root are there, else named.
set -u

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -d /usr/share/datasets/fashion-mnist ] || missing="$missing dataset-fashion-mnist"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    { apt-get update || true; } >"$log" 2>&1
    for package in $missing; do
        echo "installing Debian's $package"
        apt-get install --yes --no-install-recommends "$package" >>"$log" 2>&1 ||
            { echo "could not install $package:"; tail -n 3 "$log"; }
    done
    rm -f "$log"
else
    echo "Not installed, and this is not root with apt:$missing"
    echo "Tests that need them are skipped. With rights: apt-get install$missing"
fi
