/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PERF_BUFFER_H
#define PERF_BUFFER_H

/* --- types --- */
#define TASK_COMM_LEN 16	 /* linux/sched.h; counts the NUL */
#define ANY_UID	      0xffffffff /* no user's ID */

struct event {
	__u32 pid;
	__u32 tid;
	char comm[TASK_COMM_LEN];
};

#endif
