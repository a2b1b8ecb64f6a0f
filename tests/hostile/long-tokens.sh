#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: build too long to be compared
# Sources of 256 KiB in which each character is a token, and hardly any ten in a row are there twice.
mkdir "$1/exercises" && cp -r solutions/01-kprobe-counter "$1/exercises/" && cd "$1/exercises/01-kprobe-counter" || exit
/usr/bin/python3 - kprobe-counter.{h,bpf.c,c} <<'END'
import random, sys

chance = random.Random(1)
for path in sys.argv[1:]:
    with open(path, "w") as f:
        f.write("".join(chance.choices("%{}()-<^:.,|=?*+]~[&!;>", k=262000)))
END
