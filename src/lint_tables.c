// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tables whose last column is "unit": what a row calls code must be in that unit's sources, and what
 * the prototypes call must be in a row. So a table cannot promise what no unit teaches.
 */
#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "lint.h"

struct table {
	struct lint *lint;
	const char *file;
	unsigned line;
	struct strings head;  /* names of the columns */
	struct strings named; /* code in columns "BCC", of all tables of the page */
};

/* --- rows --- */

/* The cells of "| a | b |"; a bar inside of code divides nothing. */
static void split_cells(struct strings *cells, const char *line, size_t len)
{
	const char *start = NULL;
	bool code = false;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '`')
			code = !code;
		if (line[i] != '|' || code)
			continue;
		if (start)
			strings__add(cells, text__trim(start, line + i - start));
		start = line + i + 1;
	}
}

/* The units whose chapters a cell links to. */
static size_t find_units(const struct lint *l, const char *cell, const struct unit *found[8])
{
	size_t n = 0;

	for (size_t i = 0; i < l->units.count && n < 8; i++) {
		cleanup_free char *link = xprintf("(%s.md)", l->units.items[i].name);

		if (strstr(cell, link))
			found[n++] = &l->units.items[i];
	}
	return n;
}

/* --- sources --- */

static void add_text(struct buf *texts, const char *path)
{
	if (!file__read(path, texts))
		buf__add(texts, "\n", 1);
}

static void add_sources(struct buf *texts, const struct unit *u, const char *dir)
{
	for (const char *const *ending = unit_sources; *ending; ending++) {
		cleanup_free char *path = unit__source(u, dir, *ending);

		add_text(texts, path);
	}
}

static void add_bcc(struct buf *texts, const struct unit *u)
{
	cleanup_free char *prototype = xprintf("%s/prototype.py", u->exercise);

	add_text(texts, u->bcc);
	add_text(texts, prototype);
}

static void add_libbpf(struct lint *l, struct buf *texts, const struct unit *u)
{
	add_sources(texts, u, u->libbpf);
	add_sources(texts, u, u->solution);
	for (size_t i = 0; i < l->files.count; i++)
		if (!strncmp(l->files.items[i], "libbpf/common/", 14))
			add_text(texts, l->files.items[i]);
}

/* What the code of a column has to be found in. */
static void add_texts(struct lint *l, struct buf *texts, const struct unit *u, const char *column)
{
	bool any = strcmp(column, "BCC") && strcmp(column, "libbpf");

	buf__add(texts, "", 0);
	if (any || !strcmp(column, "BCC"))
		add_bcc(texts, u);
	if (any || !strcmp(column, "libbpf"))
		add_libbpf(l, texts, u);
	if (any) {
		add_text(texts, u->chapter);
		add_text(texts, "Makefile");
	}
}

/* Whether the text has the code, of which "..." may be anything, also several lines. */
static bool has_code(const char *text, const char *code)
{
	cleanup_free char *copy = xstrdup(code);
	char *rest = copy;

	while (rest) {
		char *piece = rest, *gap = strstr(rest, "...");

		rest = gap ? gap + 3 : NULL;
		if (gap)
			*gap = '\0';
		text = strstr(text, piece);
		if (!text)
			return false;
		text += strlen(piece);
	}
	return true;
}

static void check_code(struct table *t, const struct unit *const units[], size_t n,
		       const char *column, const char *code)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_buf struct buf texts = { 0 };

		add_texts(t->lint, &texts, units[i], column);
		if (!memchr(texts.data, '\0', texts.len) && has_code(texts.data, code))
			return;
	}
	complain(t->lint, t->file, t->line,
		 "`%s`: not in the sources of %s; name what is, or another unit", code,
		 n ? units[0]->name : "any unit");
}

static void check_cell(struct table *t, const struct unit *const units[], size_t n,
		       const char *column, const char *cell)
{
	const char *start, *end;

	for (; (start = strchr(cell, '`')) && (end = strchr(start + 1, '`')); cell = end + 1) {
		cleanup_free char *code = text__copy(start + 1, end - start - 1);

		check_code(t, units, n, column, code);
		if (!strcmp(column, "BCC"))
			strings__add(&t->named, steal_ptr(code));
	}
}

static void check_row(struct table *t, const struct strings *cells)
{
	const struct unit *units[8];
	size_t n;

	if (cells->count != t->head.count) {
		complain(t->lint, t->file, t->line, "%zu cells under %zu heads; escape bars",
			 cells->count, t->head.count);
		return;
	}
	n = find_units(t->lint, cells->items[cells->count - 1], units);
	if (!n)
		complain(t->lint, t->file, t->line,
			 "no unit in the last cell; link to its chapter: [NN](NN-topic.md)");
	for (size_t i = 0; i + 1 < cells->count && n; i++)
		check_cell(t, units, n, t->head.items[i], cells->items[i]);
}

static bool is_rule(const char *line, size_t len)
{
	return len && strspn(line, "|-: ") >= len;
}

static void check_line(struct table *t, const struct lines *l)
{
	cleanup_strings struct strings cells = { 0 };

	t->line = l->number;
	if (!l->len || *l->line != '|') {
		strings__free(&t->head);
		return;
	}
	if (is_rule(l->line, l->len))
		return;
	split_cells(&cells, l->line, l->len);
	if (!t->head.count) {
		t->head = cells;
		cells = (struct strings){ 0 };
	} else if (!strcmp(t->head.items[t->head.count - 1], "unit")) {
		check_row(t, &cells);
	}
}

/* --- what the prototypes call --- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* BCC's: macros in capitals, helpers, and methods of the BPF object and its maps. */
static bool is_bcc_name(const char *text, const char *name, size_t len)
{
	bool capitals = true;

	for (size_t i = 0; i < len; i++)
		capitals &= !islower((unsigned char)name[i]);
	return text__starts(name, len, "bpf_") || text__starts(name, len, "BPF_") ||
	       (capitals && len > 4) || (name > text && name[-1] == '.');
}

static bool is_named(const struct strings *named, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < named->count; i++)
		for (const char *at = named->items[i]; (at = strstr(at, name)); at += len)
			if (!is_word(at[len]) && (at == named->items[i] || !is_word(at[-1])))
				return true;
	return false;
}

/* Complains about each name before a "(" that no row has, once. */
static void check_calls(struct lint *l, const char *page, const char *path, struct strings *named)
{
	cleanup_buf struct buf text = { 0 };
	struct lines lines;

	if (file__read(path, &text))
		return;
	lines = lines_of(text.data, text.len);
	while (lines__next(&lines)) {
		for (size_t i = 1; i < lines.len; i++) {
			size_t start = i;
			cleanup_free char *name = NULL;

			if (lines.line[i] != '(')
				continue;
			while (start && is_word(lines.line[start - 1]))
				start--;
			if (start == i || !is_bcc_name(lines.line, lines.line + start, i - start))
				continue;
			name = text__copy(lines.line + start, i - start);
			if (is_named(named, name))
				continue;
			complain(l, path + 2, lines.number,
				 "%s() is in no table of %s; add a row, or name it there as "
				 "Python's own",
				 name, page);
			strings__add(named, steal_ptr(name));
		}
	}
}

/* "<!-- Python's own: append, join -->" tells what is not BCC's. */
static void add_python_names(struct strings *named, const char *text)
{
	static const char opening[] = "<!-- Python's own: ";
	const char *at = strstr(text, opening);

	if (at)
		strings__add(named, text__copy(at, strcspn(at, ">")));
}

void lint__tables(struct lint *l, const char *file)
{
	struct table t = { .lint = l, .file = file };
	cleanup_buf struct buf text = { 0 };
	struct lines lines;

	if (!lint__has(l, file) || file__read(file, &text) || memchr(text.data, '\0', text.len))
		return;
	lines = lines_of(text.data, text.len);
	while (lines__next(&lines))
		check_line(&t, &lines);
	add_python_names(&t.named, text.data);
	for (size_t i = 0; i < l->units.count; i++) {
		const struct unit *u = &l->units.items[i];
		cleanup_free char *prototype = xprintf("%s/prototype.py", u->exercise);

		check_calls(l, file, u->bcc, &t.named);
		check_calls(l, file, prototype, &t.named);
	}
	strings__free(&t.head);
	strings__free(&t.named);
}
