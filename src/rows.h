/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef ROWS_H
#define ROWS_H

#include "util.h"

/* What tools and the stimulus print, as rows; how rows are compared; the verdict. Pure functions
 * over buffers, without any I/O: the text comes from programs that nobody trusts. What is malformed
 * never matches.
 */
enum {
	ROWS_MAX = 1000000,
	ROWS_MAX_BYTES = 16 << 20,
	ROWS_MAX_LINE = 8192,
	ROWS_MAX_COLUMNS = 16,
	ROWS_MAX_OWN = 4096,
	ROWS_MAX_MISTAKES = 64,
	ROWS_LISTED = 1000, /* of each kind and side, in the judge's output */
};

struct text {
	const char *data;
	size_t len;
};

struct rows_rule {
	const char *columns; /* "PID COMM COUNT"; the last one takes the rest of the line */
	const char *own;     /* column telling whose row it is; NULL: every row is the stimulus's */
	const char *mask;    /* columns not compared, or NULL */
	const char *sum;     /* columns added up per equal rest before comparing, or NULL */
	bool ordered;	     /* compared in order (of equal own value), else as a multiset */
	unsigned off, percent; /* how far a sum may be from the truth's: `off`, + `percent` of it */
};

/* A requirement on the built object. `fact` is an fnmatch() pattern that at least one fact must
 * match (behind a leading '!': that none may); `say` names it in words: "a ring buffer".
 */
struct need {
	const char *fact;
	const char *say;
};

struct row {
	char *text; /* fields joined by one blank, unprintable bytes as \xNN; owns the memory */
	const char *key; /* the same, masked columns as "*", sums near the truth's as those */
	const char *own; /* value of the own column, "" without one */
	size_t line;	 /* where it stood, from 1 */
	char mark;	 /* '=' the same everywhere, '!' not on another side, '.' someone else's */
};

struct rows {
	struct row *row;
	size_t nr, cap;
	size_t nr_own; /* rows of the stimulus */
	size_t lines;  /* lines seen */
	bool header;   /* the header line was seen */
	char *problem; /* the first thing malformed, which keeps it from matching; or NULL */
};

/* The stimulus's output. Only rows of a @mistake need not be there. */
struct truth {
	struct rows rows;
	char **own;
	size_t nr_own;
	struct mistake {
		char *sentence;
		struct rows rows;
	} * mistake;
	size_t nr_mistakes;
	char *fault; /* what the libbpf program did that no row can show, or NULL */
	bool end;
};

/* What `got` lacks and has too much, seen from `want`. */
struct rows_diff {
	size_t missing, extra;
	const struct row *first_missing, *first_extra;
	bool order; /* the same rows in another order; first_* are the first pair out of place */
};

/* Returns what is wrong with a rule (an allocated sentence), or NULL. */
char *rows__check_rule(const struct rows_rule *rule);

/* Parses a tool's output: header, then rows; `own` are the values of the own column that belong to
 * the stimulus. Never fails: see `problem`. The caller frees with rows__free().
 */
void rows__parse(struct rows *rows, const struct rows_rule *rule, const struct truth *own,
		 struct text text);
void rows__free(struct rows *rows);

/* Parses what the stimulus printed. Never fails: see rows.problem. */
void truth__parse(struct truth *truth, const struct rows_rule *rule, struct text text);
void truth__free(struct truth *truth);

/* True when both are well formed, not empty, and hold the same rows of the stimulus. `diff` may be
 * NULL and points into the rows.
 */
bool rows__match(const struct rows *got, const struct rows *want, bool ordered,
		 struct rows_diff *diff);

/* True when the facts, one a line, meet the need. Without any fact no need is met. */
bool need__met(const struct need *need, struct text facts);

/* Appends text with control characters, invalid UTF-8 and characters that steer a terminal or hide
 * as \xNN. Returns false when there were any.
 */
bool text__visible(struct buf *out, struct text text);
/* The same for several lines, whose ends stay. */
void text__visible_lines(struct buf *out, struct text text);
/* Appends a row that is quoted: "..." stands for the end of a long one. */
void row__short(struct buf *out, const char *text);

enum verdict { VERDICT_MATCH, VERDICT_MISMATCH, VERDICT_SETUP };

struct judge_input {
	struct text bcc, libbpf, truth, facts;
};

/* Appends the verdict as lines to `out` (see judge_lines in rows.c). VERDICT_SETUP: the stimulus or
 * the rule is at fault, whatever the tools printed. `needs` ends with a NULL fact or at nr_needs.
 */
enum verdict rows__judge(const struct rows_rule *rule, const struct need *needs, size_t nr_needs,
			 const struct judge_input *in, struct buf *out);

#endif
