#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Run BCC's own shmsnoop, as Debian ships it.

# --- includes ---
import runpy
import signal
import sys

import bcc


# --- config ---
class BPF(bcc.BPF):
    """What the script takes for BCC's: kernel headers since 6.19 want a flag that it does not pass."""

    def __init__(self, text):
        super().__init__(text=text, cflags=["-fms-extensions"])


bcc.BPF = BPF
sys.stdout.reconfigure(line_buffering=True)
signal.signal(signal.SIGTERM, signal.default_int_handler)

# --- loop ---
runpy.run_path("/usr/sbin/shmsnoop-bpfcc", run_name="__main__")
