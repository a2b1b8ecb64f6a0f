/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef HINTS_H
#define HINTS_H

#include "text.h"

/* A hint of an exercise's README: a <details> block. A line "<!-- fits: thread, process -->" in it
 * names words of failures that it helps with.
 */
struct hint {
	char *summary, *text, *fits;
};

struct hints {
	struct hint *items;
	size_t count;
};

/* Finds the hints in a README's text, in order. Pure; free with hints__free(). */
void hints__parse(struct hints *hints, const char *readme);
void hints__free(struct hints *hints);
/* Which hint comes next when `shown` were shown already: the first of the rest that fits `failure` (the
 * cause of the last one, or NULL), but never the last out of turn; from the start again behind the last.
 */
size_t hints__choose(const struct hints *hints, unsigned shown, const char *failure);
#define cleanup_hints __attribute__((cleanup(hints__free)))

#endif
