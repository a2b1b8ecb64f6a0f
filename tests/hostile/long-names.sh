#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: missing holds too much
# A gigabyte of what stands before empty files: names, comments, times.
/usr/bin/python3 - "$1/names.tar.gz" <<'END'
import sys, tarfile

with tarfile.open(sys.argv[1], "w:gz", format=tarfile.PAX_FORMAT) as tar:
    for i in range(200):
        info = tarfile.TarInfo("exercises/01-kprobe-counter/%d" % i)
        info.pax_headers = {"comment": "a" * 1000000}
        tar.addfile(info)
    tar.add("solutions/01-kprobe-counter", "exercises/01-kprobe-counter")
END
