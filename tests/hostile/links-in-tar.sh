#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: build kprobe-counter.h is a hard link
# Links and devices in an archive: of names outside, and in place of a source.
/usr/bin/python3 - "$1/links.tar.gz" <<'END'
import sys, tarfile

secret, at = "/var/tmp/workbook-secret", "exercises/01-kprobe-counter/"
with tarfile.open(sys.argv[1], "w:gz") as tar:
    tar.add("solutions/01-kprobe-counter", at)
    for name, kind in ((at + "kprobe-counter.h", tarfile.LNKTYPE), (at + "disk", tarfile.BLKTYPE),
                       (at + "pipe", tarfile.FIFOTYPE), (at + "up", tarfile.SYMTYPE),
                       (at + "up/foothold-of-a-submission", tarfile.REGTYPE)):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.devmajor = kind, secret if kind == tarfile.LNKTYPE else "/var/tmp", 8
        tar.addfile(info)
END
