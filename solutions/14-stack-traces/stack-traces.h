/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STACK_TRACES_H
#define STACK_TRACES_H

/* --- types --- */
#define MAX_ROWS   10240
#define MAX_STACKS 16384
#define MAX_DEPTH  127

struct sample_key {
	__u32 tid;
	__s32 user_id; /* of a stack, or a negative error code */
};

#endif
