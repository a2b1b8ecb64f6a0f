/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TRACEPOINT_H
#define TRACEPOINT_H

/* --- types --- */
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */

/* TODO: what does the entry know that the exit cannot find out? */

struct event {
	__u32 pid;
	__s32 sig;
	__s32 target;
	__s32 result;
	char comm[TASK_COMM_LEN];
};

#endif
