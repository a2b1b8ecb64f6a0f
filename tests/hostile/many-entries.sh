#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: missing holds too much
# Thirty thousand files before the sources.
/usr/bin/python3 - "$1/many.tar.gz" <<'END'
import sys, tarfile

with tarfile.open(sys.argv[1], "w:gz") as tar:
    for i in range(30000):
        tar.addfile(tarfile.TarInfo("exercises/01-kprobe-counter/%d" % i))
    tar.add("solutions/01-kprobe-counter", "exercises/01-kprobe-counter")
END
