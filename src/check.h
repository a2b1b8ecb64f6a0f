/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CHECK_H
#define CHECK_H

#include "exercise.h"

/* Checks the learner's exercise: builds it, and when that passes, runs it on the kernels, `latest` first,
 * the others once that one matched. What came out is told on stdout (as JSON with `json`) and noted in
 * the progress.
 */
struct check_options {
	const struct strings *kernels; /* empty: all, the newest first */
	uint64_t seed;
	size_t jobs; /* virtual machines at a time, 0: one per CPU */
	bool json;
};

/* Returns EXIT_MATCH, EXIT_MISMATCH or EXIT_SETUP. */
int check__exercise(const struct unit *unit, const struct check_options *options);

#endif
