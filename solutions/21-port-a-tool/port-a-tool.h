/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PORT_A_TOOL_H
#define PORT_A_TOOL_H

/* --- types --- */
#define COMM_LEN    16
#define MAX_THREADS 10240
#define NO_ID	    0 /* no thread and no process that makes system calls has it */

enum shm_call { SHMGET, SHMAT, SHMDT, SHMCTL };

/* What only the entry knows; never leaves the kernel. */
struct start {
	__u64 args[3];
	__u64 call;
};

struct event {
	__u64 id;
	__u64 time_us;
	__u64 call;
	__u64 args[3]; /* the registers, as wide as they are */
	__u64 ret;
	char comm[COMM_LEN];
};

#endif
