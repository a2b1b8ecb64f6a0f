#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: match ends cleanly
# Folders in folders, deeper than a path can be long.
mkdir "$1/exercises" && cp -r solutions/01-kprobe-counter "$1/exercises/" && cd "$1" || exit
/usr/bin/python3 - <<'END'
import os

for _ in range(3000):
    os.mkdir("down")
    os.chdir("down")
END
