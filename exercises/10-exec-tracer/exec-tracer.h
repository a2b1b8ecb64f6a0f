/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef EXEC_TRACER_H
#define EXEC_TRACER_H

/* --- types --- */
#define TASK_COMM_LEN 16
#define MAX_ENDED     1024 /* processes to remember */

/* TODO: what tells a process from every other one, also from a later one with the same ID? */

struct event {
	__u64 age_ns;
	__u32 pid;
	__u32 status; /* what wait() will say */
	char comm[TASK_COMM_LEN];
};

#endif
