/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RESULT_H
#define RESULT_H

#include <jansson.h>
#include "report.h"
#include "subject.h"

/* A run as it is told to people and programs. */
struct result {
	const struct subject *subject;
	const char *kernel;
	uint64_t seed;
	const struct run *run;
	struct report report; /* empty when the judge did not run */
};

/* Reads what the judge printed. The pointers must outlive the result. */
void result__init(struct result *r, const struct subject *subject, const char *kernel,
		  uint64_t seed, const struct run *run);
void result__free(struct result *r);

/* For a person: each side's time to ready, peak memory and lost events, both tables with the
 * differences marked, requirements, the verdict and its likeliest cause. `timing` adds the phases.
 */
void result__print(FILE *f, const struct result *r, bool timing);
/* The same as an object, the caller's. */
json_t *result__json(const struct result *r);
/* EXIT_MATCH, EXIT_MISMATCH or EXIT_SETUP. */
int result__exit_code(const struct result *r);
/* One sentence on why it is no match, NULL for a match; owned by the result. */
const char *result__reason(const struct result *r);

#endif
