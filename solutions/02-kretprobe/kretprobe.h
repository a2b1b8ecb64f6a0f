/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef KRETPROBE_H
#define KRETPROBE_H

/* --- types --- */
#define MAX_THREADS 128 /* in read() at the same time */
#define MAX_ROWS    10240

struct row_key {
	__u32 pid;
	__u32 fd;
};

#endif
