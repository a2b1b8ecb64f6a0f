/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef KPROBE_COUNTER_H
#define KPROBE_COUNTER_H

/* --- types --- */
#define MAX_PROCESSES 10240

#endif
