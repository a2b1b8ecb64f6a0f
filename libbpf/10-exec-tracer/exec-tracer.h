/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef EXEC_TRACER_H
#define EXEC_TRACER_H

/* --- types --- */
#define TASK_COMM_LEN 16
#define FILENAME_LEN  128
#define ARGS_LEN      256

struct event {
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 args_size; /* of all arguments; `args` holds their beginning */
	char comm[TASK_COMM_LEN];
	char filename[FILENAME_LEN];
	char args[ARGS_LEN]; /* a NUL behind each one */
};

#endif
