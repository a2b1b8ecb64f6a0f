/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef HISTOGRAMS_H
#define HISTOGRAMS_H

/* --- types --- */
#define MAX_THREADS   10240
#define MAX_PROCESSES 10240
#define STEP_MS	      25
#define LINEAR_SLOTS  6 /* the last one is for all that is longer */

struct hist {
	__u64 log2[LOG2_SLOTS];
	__u64 linear[LINEAR_SLOTS];
};

#endif
