#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: missing holds too much
# A megabyte that unpacks to a gigabyte, as zip; the sources come behind.
/usr/bin/python3 - "$1/bomb.zip" <<'END'
import os, sys, zipfile

with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    with z.open("exercises/01-kprobe-counter/kprobe-counter.o", "w") as f:
        for _ in range(1024):
            f.write(bytes(1 << 20))
    for name in os.listdir("solutions/01-kprobe-counter"):
        z.write("solutions/01-kprobe-counter/" + name, "exercises/01-kprobe-counter/" + name)
END
