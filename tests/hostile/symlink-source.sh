#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: build kprobe-counter.h is a symbolic link
# A source that is a link to a file of who grades.
mkdir "$1/exercises" && cp -r solutions/01-kprobe-counter "$1/exercises/" && cd "$1" || exit
ln -sf "$HOME/secret" exercises/01-kprobe-counter/kprobe-counter.h
