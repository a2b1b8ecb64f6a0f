#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: match holds too much
# A source of a terabyte, all of it a hole, behind the one that is handed in.
/usr/bin/python3 - "$1/sparse.tar.gz" <<'END'
import io, sys, tarfile

with tarfile.open(sys.argv[1], "w:gz", format=tarfile.PAX_FORMAT) as tar:
    tar.add("solutions/01-kprobe-counter", "exercises/01-kprobe-counter")
    info = tarfile.TarInfo("exercises/01-kprobe-counter/kprobe-counter.c")
    info.size = 512
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.numblocks": "1",
                        "GNU.sparse.map": "%d,512" % (1 << 40), "GNU.sparse.size": str((1 << 40) + 512)}
    tar.addfile(info, io.BytesIO(b"x" * 512))
END
