#!/usr/bin/env bash
# Installs the Debian packages that are missing, and nothing else. Says nothing when none is.
#   deploy/install.sh build          what building and running Gatehouse needs
#   deploy/install.sh build tests    and what its tests need
#   deploy/install.sh build check    and what deploy/check.sh needs
set -euo pipefail

declare -A packages=(
    [build]="clang-19 cmake ninja-build mold pkg-config libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
             libboost-system1.81-dev libssl-dev liboauth2-dev libhiredis-dev libsimdjson-dev libyaml-cpp-dev
             libcli11-dev libkainjow-mustache-dev prometheus-cpp-dev zlib1g-dev redis-server ca-certificates
             nodejs npm"
    [tests]="ccache libclang-rt-19-dev llvm-19 libgtest-dev curl jq chromium tmux iproute2 procps util-linux"
    [node]="nodejs npm"
    [check]="clang-format-19 clang-tidy-19 shellcheck"
)

# Node.js often comes from elsewhere, with an npm of its own that Debian's package conflicts with.
is_there() {
    case $1 in
        nodejs) command -v node >/dev/null || is_installed nodejs ;;
        npm) command -v npm >/dev/null ;;
        *) is_installed "$1" ;;
    esac
}

is_installed() {
    [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "install.sh: not root and no sudo: run as root: $*" >&2
        exit 1
    fi
}

# Debian starts a Redis for the whole machine when the package arrives; Gatehouse runs its own.
stop_system_redis() {
    if [[ -d /run/systemd/system ]]; then
        as_root systemctl disable --now redis-server >/dev/null 2>&1 || true
    else
        as_root service redis-server stop >/dev/null 2>&1 || true
    fi
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "install.sh: this is made for Debian 12; elsewhere install these by hand: ${packages[*]}" >&2
    exit 1
fi

missing=()
for set in "${@:-build}"; do
    if [[ ! -v "packages[$set]" ]]; then
        echo "install.sh: no such set of packages: $set (there are: ${!packages[*]})" >&2
        exit 2
    fi
    for package in ${packages[$set]}; do
        is_there "$package" || missing+=("$package")
    done
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

echo "Installing ${#missing[@]} packages: ${missing[*]}"
as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
for package in "${missing[@]}"; do
    if [[ $package == redis-server ]]; then stop_system_redis; fi
done
