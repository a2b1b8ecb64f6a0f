#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: match foothold-of-a-submission leads outside: not taken
# Names that lead out of where an archive is unpacked.
/usr/bin/python3 - "$1/outside.tar.xz" <<'END'
import sys, tarfile

at = "exercises/01-kprobe-counter/"
with tarfile.open(sys.argv[1], "w:xz") as tar:
    tar.add("solutions/01-kprobe-counter", at)
    for name in ("/var/tmp/", "../../../../../../../../var/tmp/", at + "../../../../../../../var/tmp/"):
        tar.addfile(tarfile.TarInfo(name + "foothold-of-a-submission"))
    tar.addfile(tarfile.TarInfo("../" + at + "kprobe-counter.c"))
END
