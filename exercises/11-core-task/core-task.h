/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CORE_TASK_H
#define CORE_TASK_H

/* --- types --- */
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */
#define MAX_DEPTH     32 /* ancestors looked at */

struct event {
	__u32 pid;
	__u32 ppid;
	__u32 threads;
	char parent[TASK_COMM_LEN];
	char top[TASK_COMM_LEN];
	char name[TASK_COMM_LEN];
};

#endif
