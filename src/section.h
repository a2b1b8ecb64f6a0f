/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SECTION_H
#define SECTION_H

#include "text.h"

/* Sources of a pair are divided by one-line headings: a C comment or, in Python, a `#` comment that
 * holds "--- NAME ---" and nothing else. BCC's C text, a string in Python, has C headings. A section
 * runs to the next heading or to the end of the file. Everything here works on buffers.
 */

/* Which side of the kernel's border a part belongs to. */
enum side { SIDE_KERNEL, SIDE_USER, SIDES };

struct part {
	char *file; /* as given to parts__add() */
	char *name; /* as the heading has it, known or not */
	char *text; /* without the heading and blank lines at either end; "\n" behind each line */
	unsigned line; /* the text's first line; the heading's line when the text is empty */
	enum side side;
};

struct parts {
	struct part *items;
	size_t count;
};

/* The vocabulary, NULL behind the last. */
extern const char *const section_names[];
bool section__known(const char *name);

/* Appends the sections of `text`, in file order. The end of `file`, its name, says how to read it:
 * .py, .bpf.c, .h (shown without the #endif of its guard) or .c.
 */
void parts__add(struct parts *parts, const char *file, const char *text, size_t len);
bool parts__has(const struct parts *parts, const char *name);
void parts__free(struct parts *parts);
#define cleanup_parts __attribute__((cleanup(parts__free)))

/* Returns the number of the first line that its section cannot hold rightly, with the reason and
 * the mend in `why`, or 0: code before the first heading, C text without a heading of its own, and
 * Python code in a section of the C text.
 */
unsigned section__misplaced(const char *file, const char *text, size_t len, const char **why);

#endif
