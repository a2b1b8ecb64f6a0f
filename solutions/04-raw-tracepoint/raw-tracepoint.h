/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RAW_TRACEPOINT_H
#define RAW_TRACEPOINT_H

/* --- types --- */
#define MAX_ROWS      10240
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */

struct thread_key {
	__u32 pid;
	__u32 tid;
	char comm[TASK_COMM_LEN];
};

struct switches {
	__u64 ins;
	__u64 vol;
	__u64 invol;
};

#endif
