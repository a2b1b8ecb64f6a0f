#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: missing holds too much
# A megabyte that unpacks to a gigabyte, before the sources.
/usr/bin/python3 - "$1/bomb.tar.gz" <<'END'
import io, sys, tarfile


class Zeros(io.RawIOBase):
    def read(self, n=-1):
        return bytes(n)


with tarfile.open(sys.argv[1], "w:gz") as tar:
    info = tarfile.TarInfo("exercises/01-kprobe-counter/zeros")
    info.size = 1 << 30
    tar.addfile(info, Zeros())
    tar.add("solutions/01-kprobe-counter", "exercises/01-kprobe-counter")
END
