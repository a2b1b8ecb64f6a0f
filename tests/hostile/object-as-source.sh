#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: build kprobe-counter.bpf.c holds NUL bytes
# An object in place of a source.
mkdir "$1/exercises" && cp -r solutions/01-kprobe-counter "$1/exercises/" && cd "$1" || exit
head -c 4096 /bin/true >exercises/01-kprobe-counter/kprobe-counter.bpf.c
