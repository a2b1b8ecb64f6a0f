#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: match \x1b[2J is no source
# Names that steer a terminal, end a line of a report, a string, or are no text.
/usr/bin/python3 - "$1/names.tar.gz" <<'END'
import sys, tarfile

at = "exercises/01-kprobe-counter/"
with tarfile.open(sys.argv[1], "w:gz", format=tarfile.GNU_FORMAT) as tar:
    tar.add("solutions/01-kprobe-counter", at)
    for name in ("\x1b[2J", "\nscore 10", "\"]}", "]]><!--", "=1+1", "\udcff\udcfe", "\uffff\u202e", "-rf", "a" * 5000):
        tar.addfile(tarfile.TarInfo(at + name))
END
