#!/usr/bin/env bash
# What a change must pass before its tests: formatting of every source, correctness of every script, and with --tidy
# clang-tidy on every source (minutes). The include table and the containment of libraries are a test of their own:
# build/dev/test_architecture.
#   deploy/check.sh [--tidy]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tidy=false
for argument in "$@"; do
    case $argument in
        --tidy) tidy=true ;;
        *)
            echo "check.sh: unknown option $argument (there is --tidy)" >&2
            exit 2
            ;;
    esac
done

deploy/install.sh build check
mapfile -t sources < <(find gateway auth policy tests \( -name '*.cpp' -o -name '*.h' \) -not -path '*/node_modules/*' | sort)
mapfile -t scripts < <(find deploy tests .ci -type f \( -name '*.sh' -o -path '.ci/run' \) -not -path '*/node_modules/*' | sort)

clang-format-19 --dry-run -Werror "${sources[@]}"
echo "Format: ${#sources[@]} files"
shellcheck "${scripts[@]}"
echo "Scripts: ${#scripts[@]} files"
if $tidy; then
    # compile_commands.json says how each source is compiled; the dev preset compiles all of them.
    cmake --preset dev >/dev/null
    cmake --build --preset dev >/dev/null # headers that the build makes
    printf '%s\n' "${sources[@]}" | grep '\.cpp$' | grep -v '^tests/bench/' |
        xargs -P "$(nproc)" -n 4 clang-tidy-19 -p build/dev --quiet
    echo "Tidy: done"
fi
