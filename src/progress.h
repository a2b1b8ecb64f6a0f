/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "text.h"

/* What the learner has done, in the file .progress at the project's root (not tracked): one line an
 * exercise, "NN-topic KEY=VALUE...", sorted, that a person can read and mend:
 *
 *	01-kprobe-counter passed=5.10,6.1,6.12,latest hints=1 failed=mismatch
 *
 * Every change reads, changes and replaces the file under a lock, so that two commands lose nothing.
 */
struct progress {
	char *exercise;
	struct strings passed; /* kernels on which the present text of the exercise has passed */
	char *text;	       /* hash of the learner's files that these passes are of, or NULL */
	unsigned hints;	       /* how many were shown */
	char *failed;	       /* outcome of the last check when it was not a pass, or NULL */
	char *cause;	       /* its likeliest cause, or NULL */
	char *starter; /* hash of the starter as it was when the learner's edit was first seen */
};

/* Reads what is known of `exercise` ("01-kprobe-counter"); empty when nothing is. Returns 0, or
 * -errno after printing the error. Free either way.
 */
int progress__load(const char *exercise, struct progress *p);
/* Calls `change` on what is known and stores the result; no other command comes in between. Returns 0
 * or -errno after printing the error.
 */
int progress__update(const char *exercise, void (*change)(struct progress *p, void *ctx),
		     void *ctx);
void progress__free(struct progress *p);
#define cleanup_progress __attribute__((cleanup(progress__free)))

/* Pure functions over the file's text, for the above and for tests. Lines that are not understood are
 * kept as they are.
 */
void progress__parse(const char *text, const char *exercise, struct progress *p);
void progress__replace(const char *text, const struct progress *p, struct buf *out);

#endif
