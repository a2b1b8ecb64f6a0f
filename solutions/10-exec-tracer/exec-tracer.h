/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef EXEC_TRACER_H
#define EXEC_TRACER_H

/* --- types --- */
#define TASK_COMM_LEN 16
#define MAX_ENDED     1024 /* processes to remember */

/* Which process: IDs come again, but not with the same start. Eight bytes each leave no gap. */
struct process {
	__u64 start; /* nanoseconds since boot */
	__u64 pid;
};

struct event {
	__u64 age_ns;
	__u32 pid;
	__u32 status; /* what wait() will say */
	char comm[TASK_COMM_LEN];
};

#endif
