// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "report.h"
#include "rows.h"
#include "text.h"

/* --- parsing --- */

static const char *const side_names[REPORT_SIDES] = { "bcc", "libbpf", "truth" };

/* A copy fit to be shown. */
static char *copy(struct text t)
{
	struct buf b = { 0 };

	if (t.len > REPORT_MAX_TEXT / 4)
		t.len = REPORT_MAX_TEXT / 4;
	text__visible(&b, t);
	buf__add(&b, "", 0);
	return b.data;
}

/* Cuts a word and the blank behind it off the line. */
static struct text word(struct text *line)
{
	const char *blank = line->len ? memchr(line->data, ' ', line->len) : NULL;
	struct text w = { line->data, blank ? (size_t)(blank - line->data) : line->len };

	line->data += w.len + !!blank;
	line->len -= w.len + !!blank;
	return w;
}

static bool is(struct text t, const char *s)
{
	return t.len == strlen(s) && !memcmp(t.data, s, t.len);
}

static void add_string(char ***list, size_t *nr, struct text t)
{
	if (*nr == REPORT_MAX_ITEMS)
		return;
	*list = xrealloc(*list, *nr + 1, sizeof(**list));
	(*list)[(*nr)++] = copy(t);
}

static void add_need(struct report *r, struct text line)
{
	bool ok = is(word(&line), "ok");

	if (r->nr_needs == REPORT_MAX_ITEMS)
		return;
	r->need = xrealloc(r->need, r->nr_needs + 1, sizeof(*r->need));
	r->need[r->nr_needs++] = (struct report_need){ ok, copy(line) };
}

static struct report_table *find_side(struct report *r, struct text name)
{
	for (int i = 0; i < REPORT_SIDES; i++)
		if (is(name, side_names[i]))
			return &r->side[i];
	return NULL;
}

static void add_row(struct report *r, struct text line)
{
	struct report_table *t = find_side(r, word(&line));
	struct text mark = word(&line);

	if (!t || mark.len != 1 || !strchr("=!.", mark.data[0]))
		return;
	if (t->nr == REPORT_MAX_ROWS) {
		t->hidden++;
		return;
	}
	t->row = xrealloc(t->row, t->nr + 1, sizeof(*t->row));
	t->row[t->nr++] = (struct report_row){ mark.data[0], copy(line) };
}

static void add_hidden(struct report *r, struct text line)
{
	struct report_table *t = find_side(r, word(&line));
	cleanup_free char *number = copy(line);
	uint64_t n;

	if (t && !parse_u64(number, &n) && n <= ROWS_MAX)
		t->hidden += n;
}

static void parse_line(struct report *r, struct text line, int *verdicts)
{
	struct text item = word(&line);

	if (is(item, "verdict")) {
		r->match = is(line, "match");
		*verdicts += r->match || is(line, "mismatch") ? 1 : 2;
	} else if (is(item, "rows")) {
		r->rows_match = is(line, "match");
	} else if (is(item, "message")) {
		add_string(&r->message, &r->nr_messages, line);
	} else if (is(item, "cause") && !r->cause) {
		r->cause = copy(line);
	} else if (is(item, "need")) {
		add_need(r, line);
	} else if (is(item, "columns")) {
		while (line.len)
			add_string(&r->column, &r->nr_columns, word(&line));
	} else if (is(item, "row")) {
		add_row(r, line);
	} else if (is(item, "more")) {
		add_hidden(r, line);
	}
}

int report__parse(struct report *r, const char *data, size_t len)
{
	int verdicts = 0;

	*r = (struct report){ 0 };
	while (len) {
		const char *end = memchr(data, '\n', len);

		if (!end)
			return -EINVAL;
		parse_line(r, (struct text){ data, end - data }, &verdicts);
		len -= end + 1 - data;
		data = end + 1;
	}
	return verdicts == 1 ? 0 : -EINVAL;
}

static void free_strings(char **list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(list[i]);
	free(list);
}

void report__free(struct report *r)
{
	free_strings(r->message, r->nr_messages);
	free_strings(r->column, r->nr_columns);
	for (size_t i = 0; i < r->nr_needs; i++)
		free(r->need[i].text);
	for (int s = 0; s < REPORT_SIDES; s++) {
		for (size_t i = 0; i < r->side[s].nr; i++)
			free(r->side[s].row[i].text);
		free(r->side[s].row);
	}
	free(r->need);
	free(r->cause);
	*r = (struct report){ 0 };
}

/* --- printing: text --- */

enum { SHOWN = 12, BEFORE = 3, MARGIN = 2, GAP = 3, MAX_SHARE = 40, MIN_WIDTH = 30 };

static void print_wrapped(FILE *f, const char *text, size_t width)
{
	cleanup_buf struct buf b = { 0 };

	text__wrap(&b, text, strlen(text), width);
	fwrite(b.data, 1, b.len, f);
}

/* --- printing: tables --- */

/* A table made ready: its lines, each with a mark. */
struct drawing {
	struct drawn {
		char mark;
		char *text;
	} * line;
	size_t nr, width;
};

static void draw(struct drawing *d, char mark, char *text)
{
	size_t width = text__columns(text);

	d->line = xrealloc(d->line, d->nr + 1, sizeof(*d->line));
	d->line[d->nr++] = (struct drawn){ mark, text };
	d->width = width > d->width ? width : d->width;
}

static void drawing__free(struct drawing *d)
{
	for (size_t i = 0; i < d->nr; i++)
		free(d->line[i].text);
	free(d->line);
}

/* The rows that a table shows: the stimulus's, around the first that differs. */
struct view {
	const struct report_row **row;
	size_t nr, first, last, differ, others;
};

static struct view choose(const struct report_table *t)
{
	struct view v = { .row = xcalloc(t->nr, sizeof(*v.row)) };
	size_t wrong = 0;

	for (size_t i = 0; i < t->nr; i++) {
		if (t->row[i].mark == '.') {
			v.others++;
			continue;
		}
		if (t->row[i].mark == '!' && !v.differ++)
			wrong = v.nr;
		v.row[v.nr++] = &t->row[i];
	}
	if (v.nr > SHOWN)
		v.first = wrong > BEFORE ? wrong - BEFORE : 0;
	if (v.nr > SHOWN && v.first + SHOWN > v.nr)
		v.first = v.nr - SHOWN;
	v.last = v.first + SHOWN < v.nr ? v.first + SHOWN : v.nr;
	return v;
}

/* The next field of a row; the last column takes the rest. */
static struct text field(const char **rest, bool last)
{
	struct text t = { *rest, last ? strlen(*rest) : strcspn(*rest, " ") };

	*rest += t.len;
	*rest += **rest == ' ';
	return t;
}

static void measure(size_t *width, size_t nr, const char *text)
{
	for (size_t i = 0; i < nr; i++) {
		struct text t = field(&text, i + 1 == nr);
		size_t n = 0;

		for (size_t k = 0; k < t.len; k++)
			n += (t.data[k] & 0xc0) != 0x80;
		n = n < MAX_SHARE ? n : MAX_SHARE;
		width[i] = n > width[i] ? n : width[i];
	}
}

/* A row with its fields below the column names. */
static char *align(const size_t *width, size_t nr, const char *text)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < nr; i++) {
		struct text t = field(&text, i + 1 == nr);
		size_t n = 0;

		buf__add(&b, t.data, t.len);
		for (size_t k = 0; k < t.len; k++)
			n += (t.data[k] & 0xc0) != 0x80;
		if (i + 1 < nr)
			buf__printf(&b, "%*s", (int)(n < width[i] ? width[i] - n : 0) + 2, "");
	}
	buf__add(&b, "", 0);
	while (b.len && b.data[b.len - 1] == ' ')
		b.data[--b.len] = '\0';
	return b.data;
}

static char *header(const struct report *r)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < r->nr_columns; i++)
		buf__printf(&b, "%s%s", i ? " " : "", r->column[i]);
	buf__add(&b, "", 0);
	return b.data;
}

static char *title(const char *name, const struct report_table *t, const struct view *v)
{
	struct buf b = { 0 };

	buf__printf(&b, "%s: %zu row%s", name, v->nr, v->nr == 1 ? "" : "s");
	if (v->differ)
		buf__printf(&b, ", %zu unmatched", v->differ);
	if (t->hidden)
		buf__printf(&b, ", %zu not listed", t->hidden);
	return b.data;
}

static void draw_rows(struct drawing *d, const struct report *r, const struct view *v)
{
	cleanup_free size_t *width = xcalloc(r->nr_columns, sizeof(*width));
	cleanup_free char *names = header(r);

	measure(width, r->nr_columns, names);
	for (size_t i = v->first; i < v->last; i++)
		measure(width, r->nr_columns, v->row[i]->text);
	draw(d, '-', align(width, r->nr_columns, names));
	if (v->first)
		draw(d, '.', xprintf("(%zu rows above not shown)", v->first));
	for (size_t i = v->first; i < v->last; i++) {
		cleanup_buf struct buf row = { 0 };

		row__short(&row, v->row[i]->text);
		draw(d, v->row[i]->mark, align(width, r->nr_columns, row.data));
	}
	if (v->last < v->nr)
		draw(d, '.', xprintf("(%zu more rows not shown)", v->nr - v->last));
	if (v->others)
		draw(d, '.',
		     xprintf("(%zu row%s of others)", v->others, v->others == 1 ? "" : "s"));
}

static struct drawing draw_table(const struct report *r, enum report_side side, const char *name)
{
	struct view v = choose(&r->side[side]);
	struct drawing d = { 0 };

	draw(&d, '-', title(name, &r->side[side], &v));
	draw_rows(&d, r, &v);
	free(v.row);
	return d;
}

static const char *paint(FILE *f, char mark)
{
	return colour(f, mark == '!' ? C_RED : mark == '-' ? C_BOLD : mark == '.' ? C_DIM : C_OFF);
}

static char shown_mark(char mark)
{
	return mark == '!' ? '!' : ' ';
}

/* One line of one table, padded to `width` when another follows. */
static void print_cell(FILE *f, const struct drawing *d, size_t i, size_t width)
{
	const char *text = i < d->nr ? d->line[i].text : "";
	char mark = i < d->nr ? d->line[i].mark : '=';

	fprintf(f, "%s%c %s%s", paint(f, mark), shown_mark(mark), text, colour(f, C_OFF));
	if (width)
		fprintf(f, "%*s", (int)(width - text__columns(text)) + GAP, "");
}

static void print_beside(FILE *f, const struct drawing *a, const struct drawing *b)
{
	for (size_t i = 0; i < a->nr || i < b->nr; i++) {
		print_cell(f, a, i, i < b->nr ? a->width : 0);
		if (i < b->nr)
			print_cell(f, b, i, 0);
		fputc('\n', f);
	}
}

static void print_below(FILE *f, const struct drawing *d, size_t width)
{
	for (size_t i = 0; i < d->nr; i++) {
		cleanup_free char *line =
			xprintf("%c %s", shown_mark(d->line[i].mark), d->line[i].text);

		fputs(paint(f, d->line[i].mark), f);
		print_wrapped(f, line, width);
		fputs(colour(f, C_OFF), f);
	}
	fputc('\n', f);
}

/* The judge speaks of BCC, or of the truth, only when BCC's rows are not the truth. */
static bool truth_differs_from_bcc(const struct report *r)
{
	for (size_t i = 0; i < r->nr_messages; i++)
		if (!strncmp(r->message[i], "bcc", 3) || !strncmp(r->message[i], "truth", 5))
			return true;
	return false;
}

static void print_tables(FILE *f, const struct report *r, size_t width)
{
	bool truth = truth_differs_from_bcc(r);
	struct drawing bcc = draw_table(r, REPORT_BCC, truth ? "BCC" : "BCC (the truth)");
	struct drawing libbpf = draw_table(r, REPORT_LIBBPF, "libbpf");
	struct drawing third = draw_table(r, REPORT_TRUTH, "truth");

	if (bcc.width + libbpf.width + GAP + 2 * MARGIN <= width) {
		print_beside(f, &bcc, &libbpf);
		fputc('\n', f);
	} else {
		print_below(f, &bcc, width);
		print_below(f, &libbpf, width);
	}
	if (truth)
		print_below(f, &third, width);
	drawing__free(&bcc);
	drawing__free(&libbpf);
	drawing__free(&third);
}

static void print_need(FILE *f, const struct report_need *need, size_t width)
{
	cleanup_free char *text =
		xprintf("%s: %s", need->ok ? "  need met" : "! need not met", need->text);

	print_wrapped(f, text, width);
}

void report__print(FILE *f, const struct report *r, unsigned int columns)
{
	size_t width = !columns ? 80 : columns < MIN_WIDTH ? MIN_WIDTH : columns;

	if (r->nr_columns)
		print_tables(f, r, width);
	/* What the object lacks stands below, with the requirements. */
	for (size_t i = 0; i < r->nr_messages; i++)
		if (strncmp(r->message[i], "the object ", strlen("the object ")))
			print_wrapped(f, r->message[i], width);
	if (r->cause) {
		cleanup_free char *text = xprintf("likely cause: %s", r->cause);

		fputs(colour(f, C_BOLD), f);
		print_wrapped(f, text, width);
		fputs(colour(f, C_OFF), f);
	}
	for (size_t i = 0; i < r->nr_needs; i++)
		print_need(f, &r->need[i], width);
}
