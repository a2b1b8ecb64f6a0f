/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SHIP_IT_H
#define SHIP_IT_H

/* --- types --- */
#define MAX_STARTERS 10240

struct started {
	__u64 processes;
	__u64 threads;
};

#endif
