/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef FENTRY_H
#define FENTRY_H

/* --- types --- */
#define TASK_COMM_LEN 16  /* linux/sched.h; counts the NUL */
#define FOLDER_LEN    64  /* longer ones are cut */
#define NAME_LEN      256 /* NAME_MAX of linux/limits.h, and the NUL */

struct event {
	__u32 pid;
	int result;
	char comm[TASK_COMM_LEN];
	char folder[FOLDER_LEN];
	char name[NAME_LEN];
};

#endif
