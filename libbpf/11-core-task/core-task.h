/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CORE_TASK_H
#define CORE_TASK_H

/* --- types --- */
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */

struct event {
	__u64 inode; /* 0 where the kernel has none */
	__u32 pid;
	__u32 tid;
	__u32 ppid;
	__u32 ptid;
	char leader[TASK_COMM_LEN];
	char parent[TASK_COMM_LEN];
	char comm[TASK_COMM_LEN];
};

#endif
