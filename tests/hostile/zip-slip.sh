#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: match foothold-of-a-submission leads outside: not taken
# The same in a zip archive, and a name with a backslash.
/usr/bin/python3 - "$1/outside.zip" <<'END'
import os, sys, zipfile

at = "exercises/01-kprobe-counter/"
with zipfile.ZipFile(sys.argv[1], "w") as z:
    for name in os.listdir("solutions/01-kprobe-counter"):
        z.write("solutions/01-kprobe-counter/" + name, at + name)
    for name in ("/var/tmp/", "../" * 9 + "var/tmp/", "..\\..\\..\\var\\tmp\\"):
        z.writestr(name + "foothold-of-a-submission", "")
END
