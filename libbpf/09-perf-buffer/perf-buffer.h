/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PERF_BUFFER_H
#define PERF_BUFFER_H

/* --- types --- */
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */

struct event {
	__s64 length;
	__u32 pid;
	__s32 fd;
	char comm[TASK_COMM_LEN];
};

#endif
