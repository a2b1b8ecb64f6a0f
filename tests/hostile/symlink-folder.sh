#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: missing not handed in
# The exercise's folder is a link to where the solution stands.
mkdir "$1/exercises" && ln -s "$PWD/solutions/01-kprobe-counter" "$1/exercises/"
