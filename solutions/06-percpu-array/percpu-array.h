/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PERCPU_ARRAY_H
#define PERCPU_ARRAY_H

/* --- types --- */
enum call { CALL_READ, CALL_WRITE, NR_CALLS };

struct io {
	__u32 count;
	__u32 failed;  /* of these */
	__u32 largest; /* bytes that one call moved */
};

#endif
