/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SHIP_IT_H
#define SHIP_IT_H

/* --- types --- */
#define MAX_PROCESSES 10240

struct outcome {
	__u64 started;
	__u64 failed;
};

#endif
