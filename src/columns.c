// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>
#include <wchar.h>

#include "columns.h"
#include "text.h"

enum { TAB = 4 };

/* Decodes one character into its bytes and its width; returns how many bytes it took from `s`. */
static size_t decode(const char *s, size_t len, int *width)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, s, len, &state);

	*width = -1;
	if (n && n <= len) {
		*width = wcwidth(c);
		return n;
	}
	/* One question mark for the whole of a UTF-8 character that the locale has not. */
	for (n = 1; n < len && ((unsigned char)s[n] & 0xc0) == 0x80; n++)
		;
	return n;
}

/* The line with tabs as blanks and a question mark for whatever cannot be shown. */
static char *printable(const char *line)
{
	struct buf out = { 0 };
	size_t len = strlen(line);
	int at = 0, width;

	buf__add(&out, "", 0);
	for (size_t i = 0, n; i < len; i += n) {
		n = decode(line + i, len - i, &width);
		if (line[i] == '\t') {
			width = TAB - at % TAB;
			buf__printf(&out, "%*s", width, "");
		} else if (width < 0) {
			width = 1;
			buf__add(&out, "?", 1);
		} else {
			buf__add(&out, line + i, n);
		}
		at += width;
	}
	return out.data;
}

/* How many bytes of `text` fit into `room` columns, ending behind a blank where one is near. */
static size_t fit(const char *text, int room)
{
	size_t len = strlen(text), indent = strspn(text, " "), blank = 0, n;
	int at = 0, width;

	for (size_t i = 0; i < len; i += n) {
		n = decode(text + i, len - i, &width);
		if (i && at + width > room)
			return blank && text[i] != ' ' ? blank : i;
		at += width;
		if (text[i] == ' ' && i > indent && at > room / 2)
			blank = i + 1;
	}
	return len;
}

static int width_of(const char *text)
{
	size_t len = strlen(text);
	int at = 0, width;

	for (size_t i = 0; i < len; at += width)
		i += decode(text + i, len - i, &width);
	return at;
}

static void add_cell(struct column *column, const char *text, size_t len, int indent,
		     unsigned number)
{
	cleanup_free char *piece = text__copy(text, len);
	struct cell *cell;

	for (size_t n = len; n && piece[n - 1] == ' '; n--)
		piece[n - 1] = '\0';
	column->items = xrealloc(column->items, column->count + 1, sizeof(*column->items));
	cell = &column->items[column->count++];
	*cell = (struct cell){ .text = xprintf("%*s%s", indent, "", piece), .number = number };
	cell->width = width_of(cell->text);
}

/* Adds `line` in pieces that fit into `room`; only the first one has the number. */
static void wrap(struct column *column, const char *line, int room, int hang, unsigned number)
{
	cleanup_free char *text = printable(line);
	int indent = strspn(text, " ") + hang;
	const char *rest = text;
	size_t n = fit(rest, room);

	add_cell(column, rest, n, 0, number);
	if (indent > room / 2)
		indent = 0;
	for (rest += n; *rest; rest += n) {
		rest += strspn(rest, " ");
		n = fit(rest, room - indent);
		if (n)
			add_cell(column, rest, n, indent, 0);
	}
}

void column__add(struct column *column, const char *line)
{
	wrap(column, line, column->width, 0, 0);
}

void column__add_source(struct column *column, const char *text, unsigned number)
{
	struct lines l = lines_of(text, strlen(text));

	while (lines__next(&l)) {
		cleanup_free char *line = text__copy(l.line, l.len);
		size_t first = column->count;

		/* What is carried over stands a little deeper than the line itself. */
		wrap(column, line, column->width - NUMBER_WIDTH, 2, number++);
		for (; first < column->count; first++)
			column->items[first].source = true;
	}
}

/* Appends line `i` of a column, if it has one; returns the width that it took. */
static int print_cell(const struct column *column, size_t i, struct buf *out)
{
	const struct cell *cell;

	if (i >= column->count)
		return 0;
	cell = &column->items[i];
	if (!cell->source) {
		buf__printf(out, "%s%s%s", column->dim, cell->text, column->off);
		return cell->width;
	}
	if (cell->number)
		buf__printf(out, "%s%*u%s %s", column->dim, NUMBER_WIDTH - 1, cell->number,
			    column->off, cell->text);
	else
		buf__printf(out, "%*s%s", NUMBER_WIDTH, "", cell->text);
	return NUMBER_WIDTH + cell->width;
}

/* Blanks at the end of the last line of `out` are worth nothing. */
static void end_line(struct buf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		out->len--;
	buf__add(out, "\n", 1);
}

void column__print(const struct column *column, struct buf *out)
{
	for (size_t i = 0; i < column->count; i++) {
		print_cell(column, i, out);
		end_line(out);
	}
}

void columns__print(const struct column *left, const struct column *right, const char *separator,
		    struct buf *out)
{
	size_t count = left->count > right->count ? left->count : right->count;

	for (size_t i = 0; i < count; i++) {
		int used = print_cell(left, i, out);

		buf__printf(out, "%*s%s", left->width - used, "", separator);
		print_cell(right, i, out);
		end_line(out);
	}
}

void column__free(struct column *column)
{
	for (size_t i = 0; i < column->count; i++)
		free(column->items[i].text);
	free(column->items);
	*column = (struct column){ 0 };
}
