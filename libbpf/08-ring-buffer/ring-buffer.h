/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RING_BUFFER_H
#define RING_BUFFER_H

/* --- types --- */
#define COMM_LEN 16

struct event {
	__u32 pid;
	char comm[COMM_LEN];
};

#endif
