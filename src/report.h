/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef REPORT_H
#define REPORT_H

#include "util.h"

/* What the judge of a unit's test printed (see rows.h), for commands to show, count or export. Its
 * text quotes programs that nobody trusts: every string here is bounded valid UTF-8 without control
 * characters (they are spelled \xNN), so it can go to a terminal, into JSON or XML.
 */
enum {
	REPORT_MAX_ROWS = 4096,	 /* of a side; the rest is only counted */
	REPORT_MAX_ITEMS = 256,	 /* messages, needs, columns */
	REPORT_MAX_TEXT = 40000, /* bytes of a string */
};

enum report_side { REPORT_BCC, REPORT_LIBBPF, REPORT_TRUTH, REPORT_SIDES };

struct report_row {
	char mark;  /* '=' the same everywhere, '!' not on another side, '.' someone else's */
	char *text; /* fields joined by one blank, the last column takes the rest */
};

struct report {
	bool match;
	bool rows_match; /* whatever the object lacks */
	char **message;	 /* why it is no match */
	size_t nr_messages;
	char *cause; /* the likeliest, or NULL */
	struct report_need {
		bool ok;
		char *text;
	} * need;
	size_t nr_needs;
	char **column;
	size_t nr_columns;
	struct report_table {
		struct report_row *row;
		size_t nr;
		size_t hidden; /* rows that there were more */
	} side[REPORT_SIDES];
};

/* Parses the judge's output. Returns 0, or -EINVAL when it holds no verdict or several, or ends in
 * the middle of a line; prints nothing. The caller frees with report__free() in either case.
 */
int report__parse(struct report *report, const char *data, size_t len);
void report__free(struct report *report);

/* Prints the tables, side by side when they fit into `width` columns (0: 80), with '!' before the rows
 * that differ; the truth only when BCC's rows are not the truth. Then messages, cause and needs.
 */
void report__print(FILE *f, const struct report *report, unsigned int width);

#endif
