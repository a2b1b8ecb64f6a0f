/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef FENTRY_H
#define FENTRY_H

/* --- types --- */
#define NAME_LEN 256 /* NAME_MAX of linux/limits.h, and the NUL */

enum { START, END };

struct event {
	__u32 pid;
	__u32 kind;
	__u32 mode;
	int result;
	char name[NAME_LEN];
};

#endif
