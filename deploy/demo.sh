#!/usr/bin/env bash
# Builds Gatehouse and starts `gatehouse demo`: a gateway with three people and nothing to configure. Safe to run
# again: what is installed stays, what is built is not built again, the demo's data is kept. Options are the demo's:
#   deploy/demo.sh --port 9000
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

deploy/install.sh build
mkdir -p build
cmake --preset release >build/configure-release.log 2>&1 || {
    cat build/configure-release.log >&2
    exit 1
}
if [[ ! -x build/release/gatehouse ]]; then echo "Building (once, some minutes on two cores)"; fi
cmake --build --preset release --target gatehouse
exec build/release/gatehouse demo "$@"
