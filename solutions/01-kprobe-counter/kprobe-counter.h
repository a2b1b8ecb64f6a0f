/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef KPROBE_COUNTER_H
#define KPROBE_COUNTER_H

/* --- types --- */
#define MAX_ROWS      10240
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */

/* The map compares keys byte by byte: 4 + 16 bytes leave no gap that nobody fills. */
struct row_key {
	__u32 pid;
	char comm[TASK_COMM_LEN];
};

#endif
