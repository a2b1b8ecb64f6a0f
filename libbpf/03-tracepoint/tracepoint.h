/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TRACEPOINT_H
#define TRACEPOINT_H

/* --- types --- */
#define TASK_COMM_LEN 16  /* linux/sched.h; counts the NUL */
#define PATH_LEN      256 /* longer paths are cut */
#define ANY_UID	      0xffffffff

struct event {
	__u32 pid;
	__u32 flags;
	char comm[TASK_COMM_LEN];
	char path[PATH_LEN];
};

#endif
