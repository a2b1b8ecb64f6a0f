/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RESULT_H
#define RESULT_H

#include "subject.h"

/* Prints a run for a person: each side's time to ready, peak memory and lost events, both tables with
 * the differences marked, the requirements that are not met, the verdict. `timing` adds what each
 * phase took. Returns the exit code that the run deserves.
 */
int result__print(FILE *f, const struct subject *s, const struct run *run, const char *kernel,
		  uint64_t seed, bool timing);

#endif
