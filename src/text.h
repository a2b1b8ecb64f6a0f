/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TEXT_H
#define TEXT_H

#include "util.h"

/* Lines of a buffer that need not end in NUL: `struct lines l = lines_of(text, len);
 * while (lines__next(&l)) ...l.line, l.len, l.number...`. A line ends before its "\n" or
 * "\r\n", however many "\r" there are: what is read and written again stays the same.
 */
struct lines {
	const char *next, *end;
	const char *line;
	size_t len;
	unsigned number; /* from 1 */
};

struct lines lines_of(const char *text, size_t len);
bool lines__next(struct lines *l);

/* Copies `len` bytes into an allocated string. */
char *text__copy(const char *text, size_t len);
/* The same without blanks at either end. */
char *text__trim(const char *text, size_t len);
bool text__blank(const char *text, size_t len);
bool text__starts(const char *text, size_t len, const char *prefix);
bool text__ends(const char *text, size_t len, const char *suffix);
/* Characters of `s`, not bytes: good enough for columns that mostly hold ASCII. */
size_t text__columns(const char *s);
/* Appends the lines of `text` in ones of at most `width` characters. What continues a line stands two further in than
 * its first word.
 */
void text__wrap(struct buf *out, const char *text, size_t len, size_t width);
/* The same with paragraphs and list items of Markdown, whatever lines they are in; code stays as it is. */
void text__reflow(struct buf *out, const char *text, size_t len, size_t width);
/* Appends `text` without the indentation that all lines share, "\n" behind every line. */
void text__dedent(struct buf *out, const char *text);

/* A list of strings that it owns. */
struct strings {
	char **items;
	size_t count;
};

void strings__add(struct strings *s, char *owned);
bool strings__has(const struct strings *s, const char *text);
/* Sorts by bytes and drops what is there twice. */
void strings__sort(struct strings *s);
/* Adds the blank-separated words of `text`. */
void strings__split(struct strings *s, const char *text);
void strings__free(struct strings *s);
#define cleanup_strings __attribute__((cleanup(strings__free)))

#endif
