/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef GRADE_H
#define GRADE_H

#include <jansson.h>

#include "unit.h"

enum { GRADE_SEEDS = 3 };

struct grade_options {
	const struct units *units;     /* all there are */
	const struct strings *chosen;  /* names of those to grade; empty: those that were edited */
	const struct strings *kernels; /* names */
	const char *bare;	       /* as of submission__read() */
	uint64_t seed[GRADE_SEEDS];    /* the same for all submissions of a class */
};

/* Judges what is handed in at `path`, which reports call `name`, by the code that `check` uses, and returns
 * what came out, the caller's: an object as the schema in chapters/grading.md describes a submission. Items
 * that could not be judged, through no fault of the submission, are named in its "flags", and "judged" is false.
 */
json_t *grade__submission(const char *path, const char *name, const struct grade_options *options);

/* Adds notes to submissions of which nearly all stands in another one as well; takes away the "shingles"
 * by which they were compared.
 */
void grade__compare(json_t *submissions);

/* The seeds of a run: three numbers that follow from one. */
void grade__seeds(uint64_t seed, uint64_t out[GRADE_SEEDS]);

#endif
