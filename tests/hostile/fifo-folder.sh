#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: build kprobe-counter.bpf.c is no regular file
# A pipe that nobody writes into: who opens it waits.
mkdir "$1/exercises" && cp -r solutions/01-kprobe-counter "$1/exercises/" && cd "$1" || exit
rm exercises/01-kprobe-counter/kprobe-counter.bpf.c
mkfifo exercises/01-kprobe-counter/kprobe-counter.bpf.c
