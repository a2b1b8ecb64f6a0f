#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Installs the packages that the workbook needs and that are missing; says nothing when none is.
# Who is neither root nor may become it gets the command to run, and exit code 2. With --missing it only
# prints that command, with --cluster a cluster's packages are needed too.
set -eu

# The one list of what is needed.
packages()
{
    # both halves of a BPF tool
    echo make gcc libc6-dev binutils clang llvm pkgconf "$bpftool" libbpf-dev libelf-dev zlib1g-dev
    # the program's libraries
    echo libarchive-dev libjansson-dev libxml2-dev libssl-dev libzstd-dev libcap-dev libseccomp-dev
    # virtual machines and their images
    echo qemu-system-x86 mmdebstrap uidmap mount e2fsprogs debian-archive-keyring
    echo xz-utils zstd lz4
    # a learner's evening: pages that fit no screen, starters put back
    echo less git
    # building what others hand in
    echo bubblewrap
    # the tests: wrong solutions, unit tests, fuzzers, lint, a terminal
    echo patch systemtap-sdt-dev libcmocka-dev libclang-rt-dev shellcheck clang-format python3 procps tmux
    # ... and readers of what grading writes
    echo python3-jsonschema python3-junitparser python3-yaml jq
    # ... and a cluster on this machine
    [ ! "$cluster" ] || echo slurmctld slurmd slurm-client munge
}

# Until Ubuntu 25.04, bpftool came with the kernel's tools.
bpftool_package()
{
    # shellcheck source=/dev/null
    . /etc/os-release
    case ${ID-}-${VERSION_ID-} in
    ubuntu-2[0-4].*) echo linux-tools-common linux-tools-generic ;;
    *) echo bpftool ;;
    esac
}

missing()
{
    # shellcheck disable=SC2086 # one argument a package
    set -- $1
    {
        dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || :
        printf '%s\n' "$@"
    } | awk '$2 == "installed" { have[$1] = 1 } NF == 1 && !have[$1] { print $1 }'
}

# Prints what is in the way and what mends it, and gives up.
refuse()
{
    echo "setup: $1:" >&2
    echo "    $2" >&2
    exit 2
}

# Runs a command as root, having said so.
as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        set -- env DEBIAN_FRONTEND=noninteractive "$@"
    else
        set -- sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
    echo "  SETUP    $*"
    "$@" </dev/null || refuse "that failed; once the cause is mended, run as root" "$command"
}

# Root may, sudo without a password may, and who sits at a terminal may say so.
may_install()
{
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null || return
    sudo -n true 2>/dev/null && return
    [ -t 0 ] && [ -t 1 ] || return
    printf 'Missing packages: %s\nInstall them with sudo? [Y/n] ' "$missing"
    read -r answer
    case $answer in
    '' | [yY]*) ;;
    *) return 1 ;;
    esac
}

cluster='' only_tell=''
for option; do
    case $option in
    --cluster) cluster=yes ;;
    --missing) only_tell=yes ;;
    esac
done

bpftool=$(bpftool_package)
needed=$(packages)
command -v dpkg-query >/dev/null ||
    refuse "not a Debian or Ubuntu; install what these packages hold, then add SETUP=true" \
        "$(echo "$needed" | tr '\n' ' ')"

missing=$(missing "$needed" | tr '\n' ' ')
missing=${missing% }
[ "$missing" ] || exit 0

command="apt-get update && apt-get install -y --no-install-recommends $missing"
if [ "$only_tell" ]; then
    echo "$command"
    exit
fi
may_install || refuse "packages are missing; as root, run" "$command"
echo "  SETUP    installing $missing"
as_root apt-get -q update
# shellcheck disable=SC2086 # one argument a package
as_root apt-get -q install -y --no-install-recommends $missing
