#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: mismatch Kprobe-counter.c is no source of the exercise
# Names in other case, beside a starter in the right one, on which filesystems disagree.
mkdir -p "$1/exercises" && cp -r exercises/01-kprobe-counter "$1/exercises/" && cd "$1/exercises" || exit
cp "$OLDPWD/solutions/01-kprobe-counter/kprobe-counter.c" 01-kprobe-counter/Kprobe-counter.c
cp -r "$OLDPWD/solutions/01-kprobe-counter" 01-KPROBE-COUNTER
cp -r 01-KPROBE-COUNTER ../Exercises
