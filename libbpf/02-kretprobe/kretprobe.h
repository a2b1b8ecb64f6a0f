/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef KRETPROBE_H
#define KRETPROBE_H

/* --- types --- */
#define MAX_THREADS 1024 /* in openat() at the same time */
#define MAX_ROWS    10240

#define NO_RETURN 1 /* not a result that openat() can have here: 0 stands for all descriptors */

struct row_key {
	__u32 pid;
	__u32 mode;   /* the flags' O_ACCMODE part */
	__s32 result; /* 0, a negative error code, or NO_RETURN */
};

#endif
