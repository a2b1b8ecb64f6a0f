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

void text__wrap(struct buf *out, const char *text, size_t len, size_t width)
{
	for (struct lines l = lines_of(text, len); lines__next(&l);)
		buf__wrap(out, l.line, l.len, width, 2);
}

static bool is_fence(const struct lines *l)
{
	size_t indent = indentation(l->line, l->len);

	return text__starts(l->line + indent, l->len - indent, "```");
}

/* Whether a line of Markdown goes on with the paragraph or list item above it. */
static bool goes_on(const struct lines *l)
{
	size_t indent = indentation(l->line, l->len), len = l->len - indent, digits = 0;
	const char *line = l->line + indent;

	while (digits < len && isdigit((unsigned char)line[digits]))
		digits++;
	return len && !is_fence(l) && !text__starts(line, len, "- ") && *line != '|' &&
	       !(digits && text__starts(line + digits, len - digits, ". "));
}

static void end_paragraph(struct buf *out, struct buf *paragraph, size_t width)
{
	if (paragraph->len)
		buf__wrap(out, paragraph->data, paragraph->len, width, 0);
	paragraph->len = 0;
}

void text__reflow(struct buf *out, const char *text, size_t len, size_t width)
{
	cleanup_buf struct buf paragraph = { 0 };
	bool code = false;

	for (struct lines l = lines_of(text, len); lines__next(&l);) {
		bool fence = is_fence(&l);
		size_t indent = paragraph.len ? indentation(l.line, l.len) : 0;

		if (code || !goes_on(&l)) {
			end_paragraph(out, &paragraph, width);
			indent = 0;
		}
		if (code || fence || !l.len)
			buf__printf(out, "%.*s\n", (int)l.len, l.line);
		else
			buf__printf(&paragraph, "%s%.*s", paragraph.len ? " " : "",
				    (int)(l.len - indent), l.line + indent);
		code ^= fence;
	}
	end_paragraph(out, &paragraph, width);
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
