/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TRACEPOINT_H
#define TRACEPOINT_H

/* --- types --- */
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */

/* What only the entry knows; never leaves the kernel. */
struct kill_call {
	__s32 target;
	__s32 sig;
};

struct event {
	__u32 pid;
	__s32 sig;
	__s32 target;
	__s32 result;
	char comm[TASK_COMM_LEN];
};

#endif
