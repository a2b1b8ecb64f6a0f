#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Gradescope runs this once, as root and with a network, while it makes the container: packages, the program,
# images and snapshots. That all of it works is shown by grading the starters, as a submission will be.
set -euo pipefail
cd /autograder/source/workbook
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-/autograder/cache}

fail()
{
    echo "setup.sh: $1" >&2
    exit 1
}

sh src/setup.sh
pkg-config --atleast-version=1.1 libbpf ||
    fail "libbpf $(pkg-config --modversion libbpf) is too old: choose a base image of Debian 12 or later"
make -s -j"$(nproc)" workbook
# shellcheck disable=SC2046 # words
./workbook grade $(cat ../arguments) . ||
    fail 'the starters cannot be graded here; what is missing stands above'
