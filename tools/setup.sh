# shellcheck shell=bash disable=SC2034
# Sourced by tools/quickstart and tools/test: what both do before they differ. Defines functions and
# variables only; nothing happens until one is called. Bash, with `set -euo pipefail` of the caller.

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
jobs=${XORCH_BUILD_JOBS:-$(nproc)}
phases=()
phase_name=start
started=$SECONDS

# What ccache keeps serves every checkout on this machine, not this folder alone.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

# phase NAME COMMAND...: runs the command and remembers how long it took. Not inside a condition:
# there bash would go on after a failing line of a function.
phase() {
    phase_name=$1
    shift
    local from=$SECONDS
    printf '== %s\n' "$phase_name"
    "$@"
    phases+=("$(printf '%5d s  %s' $((SECONDS - from)) "$phase_name")")
}

# Prints what was done and how long it took; for the EXIT trap of the caller.
print_phases() {
    local status=$?
    printf '\n'
    [ ${#phases[@]} -eq 0 ] || printf '%s\n' "${phases[@]}"
    printf '%5d s  in all\n' $((SECONDS - started))
    [ "$status" -eq 0 ] || printf 'Stopped in "%s" with exit code %d.\n' "$phase_name" "$status"
}

missing_packages() {
    local package
    grep -v '^#' "$root/tools/packages.txt" | while read -r package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            printf '%s\n' "$package"
    done
}

# Installs what is missing of tools/packages.txt, or says what that is and stops.
install_packages() {
    if ! command -v dpkg-query >/dev/null; then
        printf 'This is no Debian system. Install the like of these packages of Debian 12,\n'
        printf 'then run cmake by hand as tools/quickstart does:\n'
        grep -v '^#' "$root/tools/packages.txt" | sed 's/^/    /'
        return 1
    fi
    local packages as_root=()
    mapfile -t packages < <(missing_packages)
    if [ ${#packages[@]} -eq 0 ]; then
        printf 'Every package of tools/packages.txt is installed.\n'
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            as_root=(sudo -n)
        elif command -v sudo >/dev/null && [ -t 0 ]; then
            as_root=(sudo)
        else
            printf 'These packages are missing, and neither root nor sudo is at hand. Ask for:\n'
            printf '    apt-get install --no-install-recommends %s\n' "${packages[*]}"
            return 1
        fi
    fi
    printf 'Installing: %s\n' "${packages[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}"
}

# quietly LOG COMMAND...: all output on a terminal; elsewhere into a file, of which the end is shown
# if the command fails.
quietly() {
    local log=$1
    shift
    if [ -t 1 ]; then
        "$@"
        return
    fi
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1; then
        tail -n 60 "$log"
        printf 'The whole output is in %s\n' "$log"
        return 1
    fi
}

# build PRESET TARGET...
build() {
    local preset=$1
    shift
    quietly "$root/build/$preset-configure.log" cmake -S "$root" --preset "$preset"
    quietly "$root/build/$preset-build.log" \
        cmake --build "$root/build/$preset" --parallel "$jobs" --target "$@"
}
