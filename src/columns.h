/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "util.h"

/* Text laid out for a terminal, in the terminal's own columns: wide characters count two, tabs are
 * four wide, and what the locale cannot show is a question mark. Long lines are wrapped, not cut.
 */

struct cell {
	char *text;
	unsigned number; /* of a source line, 0: none */
	int width;	 /* of the text */
	bool source;	 /* has room for a number; other lines are labels */
};

/* A column's lines, from the top. */
struct column {
	struct cell *items;
	size_t count;
	int width;	       /* set before the first line is added; at least COLUMN_MIN */
	const char *dim, *off; /* escape sequences around labels and numbers, or "" */
};

enum { COLUMN_MIN = 12, NUMBER_WIDTH = 5 };

/* Adds one line, wrapped. */
void column__add(struct column *column, const char *line);
/* Adds the lines of `text`, numbered from `number`, wrapped. */
void column__add_source(struct column *column, const char *text, unsigned number);
void column__print(const struct column *column, struct buf *out);
/* Appends both columns beside each other, with `separator` between them. */
void columns__print(const struct column *left, const struct column *right, const char *separator,
		    struct buf *out);
void column__free(struct column *column);
#define cleanup_column __attribute__((cleanup(column__free)))

#endif
