#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: match ends cleanly
# The archive's own name is a formula, steers a terminal and is no UTF-8.
mkdir "$1/exercises" && cp -r solutions/01-kprobe-counter "$1/exercises/" && cd "$1" || exit
tar -czf $'=cmd|\047 -C calc\047!A0\033[2J\377]]>\357\277\277.tar.gz' exercises && rm -r exercises
