/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef GRADELOG_H
#define GRADELOG_H

#include <jansson.h>

#include "util.h"

/* What a run of `grade` has found so far, a JSON object a line: a killed run goes on from there. The
 * first line holds what the run is about (seed and the like).
 */
struct gradelog {
	char *path;
	int fd;	      /* locked: one run at a time writes it */
	json_t *head; /* the first line */
	json_t *done; /* by key, as it was when the log was opened */
};

/* Opens the log at `path`: with `resume` what is there goes on, a cut last line is dropped; else, and when
 * nothing is there, it begins anew with `head`, which is borrowed. Who else writes it is waited for `wait_ms`
 * long. Returns 0, or -errno after printing the error; free either way.
 */
int gradelog__open(struct gradelog *log, const char *path, bool resume, int64_t wait_ms,
		   json_t *head);
/* Adds a result, in one write that is on the disk when this returns. */
int gradelog__add(const struct gradelog *log, const char *key, json_t *result);
/* What was found for the key, borrowed, or NULL. */
json_t *gradelog__find(const struct gradelog *log, const char *key);
/* Nothing is left to be resumed. */
void gradelog__remove(struct gradelog *log);
void gradelog__free(struct gradelog *log);

#endif
