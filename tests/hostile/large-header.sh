#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: build kprobe-counter.h is too large
# A header of 300 KiB.
mkdir "$1/exercises" && cp -r solutions/01-kprobe-counter "$1/exercises/" && cd "$1" || exit
yes '/* nothing */' | head -c 307200 >>exercises/01-kprobe-counter/kprobe-counter.h
