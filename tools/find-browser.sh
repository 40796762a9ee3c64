#!/bin/sh
# Print the path of a Chromium, for the tests of the page. As root on Debian it is installed if there is none.
set -eu
find_browser() {
    for name in chromium chromium-browser google-chrome; do
        if path=$(command -v "$name"); then
            echo "$path"
            return
        fi
    done
}
browser=$(find_browser)
if [ -z "$browser" ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "Installing Debian's chromium, for the tests of the page ..." >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium; } > /dev/null 2>&1 || true
    browser=$(find_browser)
fi
echo "$browser"
