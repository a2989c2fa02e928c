#!/usr/bin/env bash
# Installs what the tests need, builds twice (with the address and undefined-behaviour sanitizers, and without) and
# runs every test: unit and integration tests in both builds, the end-to-end tests in the second. Ends with ctest's
# summary of all of them; fails when one fails. A second run installs and builds only what has changed.
#   tests/run.sh [arguments for ctest]     for example: tests/run.sh -R Demo
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
jobs=$(nproc)

step() { printf '== %s\n' "$*"; }

# oidc-provider and Playwright want Node.js 20, Debian 12 has 18. Then one comes from npm into the build directory.
node_is_recent() {
    command -v node >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

provide_node() {
    export PATH="$root/build/node/node_modules/.bin:$PATH"
    if node_is_recent && command -v npm >/dev/null; then return; fi
    if ! command -v npm >/dev/null; then deploy/install.sh node; fi
    if node_is_recent; then return; fi
    step "Fetching Node.js 22 into build/node"
    local machine=x64
    if [[ $(uname -m) == aarch64 ]]; then machine=arm64; fi
    npm install --prefix build/node --no-audit --no-fund --loglevel=error "node-linux-$machine@22"
}

provide_node_modules() {
    local lock=tests/e2e/package-lock.json stamp=tests/e2e/node_modules/.installed-from
    if cmp -s "$lock" "$stamp"; then return; fi
    command -v npm >/dev/null || return
    step "Fetching the real client, an OpenID provider and a browser driver for the end-to-end tests"
    # Scripts of packages are not run: none of these needs its own.
    (cd tests/e2e && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || return
    cp "$lock" "$stamp"
}

provide_end_to_end_parts() {
    provide_node && provide_node_modules
}

build() {
    step "Building the $1 preset"
    cmake --preset "$1" >"build/configure-$1.log" 2>&1 || {
        cat "build/configure-$1.log" >&2
        return 1
    }
    cmake --build --preset "$1" -j "$jobs"
}

mkdir -p build
deploy/install.sh build tests
# In CI their absence is a failure; elsewhere the tests that miss something say so and are skipped.
if [[ ${CI:-} == true ]]; then
    provide_end_to_end_parts
else
    provide_end_to_end_parts || step "Not everything for the end-to-end tests is here: they will be skipped"
fi
build asan
build dev

# One ctest over both builds, so that its summary is of everything.
mkdir -p build/all
printf 'subdirs("%s" "%s")\n' "$root/build/asan" "$root/build/dev" >build/all/CTestTestfile.cmake
step "Testing"
exec ctest --test-dir build/all --output-on-failure --no-tests=error -j "$jobs" "$@"
