#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: missing not an archive
# A gzip in a gzip. Who looks for the inner one keeps its header, whose name can be endless: 2 KB cost gigabytes.
tar -cz --transform s,^solutions,exercises, solutions/01-kprobe-counter | gzip >"$1/nested.tar.gz"
