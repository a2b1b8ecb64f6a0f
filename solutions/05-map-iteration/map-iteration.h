/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef MAP_ITERATION_H
#define MAP_ITERATION_H

/* --- types --- */
#define MAX_WRITERS   64
#define TASK_COMM_LEN 16 /* linux/sched.h; counts the NUL */
#define ANY_UID	      0xffffffff

struct tally {
	__u64 calls;
	char comm[TASK_COMM_LEN];
};

#endif
