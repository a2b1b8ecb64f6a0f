/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RAW_TRACEPOINT_H
#define RAW_TRACEPOINT_H

/* --- types --- */
#define MAX_STARTERS  10240
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */

struct starter {
	__u32 pid;
	char comm[TASK_COMM_LEN];
};

struct started {
	__u64 processes;
	__u64 threads;
};

#endif
