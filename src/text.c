// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <string.h>

#include "text.h"

struct lines lines_of(const char *text, size_t len)
{
	return (struct lines){ .next = text, .end = text + len };
}

bool lines__next(struct lines *l)
{
	const char *newline;

	if (l->next >= l->end)
		return false;
	l->line = l->next;
	newline = memchr(l->line, '\n', l->end - l->line);
	l->len = (newline ? newline : l->end) - l->line;
	l->next = l->line + l->len + 1;
	l->number++;
	while (l->len && l->line[l->len - 1] == '\r')
		l->len--;
	return true;
}

char *text__copy(const char *text, size_t len)
{
	char *copy = xcalloc(len + 1, 1);

	if (len)
		memcpy(copy, text, len);
	return copy;
}

char *text__trim(const char *text, size_t len)
{
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	return text__copy(text, len);
}

bool text__blank(const char *text, size_t len)
{
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	return !len;
}

bool text__starts(const char *text, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return len >= n && !memcmp(text, prefix, n);
}

bool text__ends(const char *text, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && !memcmp(text + len - n, suffix, n);
}

static size_t indentation(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && (line[n] == ' ' || line[n] == '\t'))
		n++;
	return n;
}

/* How many leading blanks all lines begin with that are not blank. */
static size_t shared_indentation(const char *text)
{
	struct lines l = lines_of(text, strlen(text));
	const char *first = NULL;
	size_t shared = 0;

	while (lines__next(&l)) {
		if (text__blank(l.line, l.len))
			continue;
		if (!first) {
			first = l.line;
			shared = indentation(l.line, l.len);
		}
		for (size_t i = 0; i < shared; i++)
			if (i >= l.len || l.line[i] != first[i])
				shared = i;
	}
	return shared;
}

void text__dedent(struct buf *out, const char *text)
{
	struct lines l = lines_of(text, strlen(text));
	size_t shared = shared_indentation(text);

	while (lines__next(&l)) {
		if (!text__blank(l.line, l.len))
			buf__add(out, l.line + shared, l.len - shared);
		buf__add(out, "\n", 1);
	}
}

size_t text__columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* Bytes of at most `max` characters of `s`, up to a blank when there is one near the end. */
static size_t fitting(const char *s, size_t len, size_t max)
{
	size_t blank = 0;

	for (size_t i = 0, n = 0; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80 && n++ == max)
			return blank > max / 2 ? blank : i;
		if (s[i] == ' ')
			blank = i + 1;
	}
	return len;
}

void text__wrap(struct buf *out, const char *text, size_t len, size_t width)
{
	for (struct lines l = lines_of(text, len); lines__next(&l);) {
		size_t mark = 0, indent, room = width, n;

		while (mark < l.len && strchr(" !+-", l.line[mark]))
			mark++;
		indent = mark + 2 < width / 2 ? mark + 2 : width / 2;
		do {
			size_t shown = n = fitting(l.line, l.len, room);

			while (shown && l.line[shown - 1] == ' ')
				shown--;
			buf__printf(out, "%*s%.*s\n", (int)(width - room), "", (int)shown, l.line);
			l.line += n;
			l.len -= n;
			room = width - indent;
		} while (l.len);
	}
}

void strings__add(struct strings *s, char *owned)
{
	s->items = xrealloc(s->items, s->count + 1, sizeof(*s->items));
	s->items[s->count++] = owned;
}

bool strings__has(const struct strings *s, const char *text)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->items[i], text))
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings__sort(struct strings *s)
{
	size_t kept = 0;

	if (!s->count)
		return;
	qsort(s->items, s->count, sizeof(*s->items), by_bytes);
	for (size_t i = 1; i < s->count; i++) {
		if (!strcmp(s->items[kept], s->items[i]))
			free(s->items[i]);
		else
			s->items[++kept] = s->items[i];
	}
	s->count = kept + 1;
}

void strings__split(struct strings *s, const char *text)
{
	while (*(text += strspn(text, " \t"))) {
		size_t len = strcspn(text, " \t");

		strings__add(s, text__copy(text, len));
		text += len;
	}
}

void strings__free(struct strings *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i]);
	free(s->items);
	*s = (struct strings){ 0 };
}
