// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "rows.h"

/* --- text --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text strip(struct text t)
{
	while (t.len && is_blank(t.data[0]))
		t = (struct text){ t.data + 1, t.len - 1 };
	while (t.len && is_blank(t.data[t.len - 1]))
		t.len--;
	return t;
}

static bool text_is(struct text t, const char *s)
{
	return t.len == strlen(s) && !memcmp(t.data, s, t.len);
}

/* Cuts the next word off `rest`; empty at its end. */
static struct text next_word(struct text *rest)
{
	struct text word = *rest = strip(*rest);

	word.len = 0;
	while (word.len < rest->len && !is_blank(rest->data[word.len]))
		word.len++;
	rest->data += word.len;
	rest->len -= word.len;
	return word;
}

/* Cuts the next line off `rest`. False at the end; `*whole` tells whether a newline ended it. */
static bool next_line(struct text *rest, struct text *line, bool *whole)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	*whole = end;
	*line = (struct text){ rest->data, end ? (size_t)(end - rest->data) : rest->len };
	rest->data += line->len + *whole;
	rest->len -= line->len + *whole;
	return true;
}

static struct text as_text(const char *s)
{
	return (struct text){ s ? s : "", s ? strlen(s) : 0 };
}

/* Bytes of the character at `s`, 0 when it is no valid UTF-8. */
static size_t utf8_len(const unsigned char *s, size_t len, uint32_t *code)
{
	size_t n = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (!n || n > len)
		return 0;
	*code = n == 1 ? *s : *s & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	return *code < least[n] || *code > 0x10ffff || *code >> 11 == 0x1b ? 0 : n;
}

/* Controls, characters that reorder or hide their neighbours, and what is no character, nor is in XML. */
static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff) || (c & 0xfffe) == 0xfffe;
}

bool text__visible(struct buf *out, struct text t)
{
	bool clean = true;

	for (size_t i = 0, n; i < t.len; i += n) {
		uint32_t code = 0;

		n = utf8_len((const unsigned char *)t.data + i, t.len - i, &code);
		if (n && !is_hidden(code)) {
			buf__add(out, t.data + i, n);
			continue;
		}
		clean = false;
		n = n ? n : 1;
		for (size_t k = 0; k < n; k++)
			buf__printf(out, "\\x%02x", (unsigned char)t.data[i + k]);
	}
	return clean;
}

void text__visible_lines(struct buf *out, struct text t)
{
	struct text line;
	bool whole;

	while (next_line(&t, &line, &whole)) {
		text__visible(out, line);
		buf__add(out, "\n", whole);
	}
}

/* --- the rule --- */

struct layout {
	size_t nr;
	struct text name[ROWS_MAX_COLUMNS];
	bool masked[ROWS_MAX_COLUMNS], summed[ROWS_MAX_COLUMNS];
	bool sums;
	unsigned off, percent;
	int own; /* -1: none */
};

static int column(const struct layout *l, struct text name)
{
	for (size_t i = 0; i < l->nr; i++)
		if (l->name[i].len == name.len && !memcmp(l->name[i].data, name.data, name.len))
			return i;
	return -1;
}

/* Sets the flags of the columns named in `names`. Returns a column that there is not, or "". */
static struct text flag_columns(const struct layout *l, const char *names, bool *flags)
{
	struct text rest = as_text(names), word;

	while ((word = next_word(&rest)).len) {
		int i = column(l, word);

		if (i < 0)
			return word;
		flags[i] = true;
	}
	return word;
}

/* Returns the part of the rule that is wrong (empty when none is). */
static struct text layout__init(struct layout *l, const struct rows_rule *rule)
{
	struct text rest = as_text(rule->columns), word, own = as_text(rule->own);

	*l = (struct layout){ .off = rule->off, .percent = rule->percent, .own = -1 };
	while ((word = next_word(&rest)).len) {
		if (l->nr == ROWS_MAX_COLUMNS || column(l, word) >= 0)
			return word;
		l->name[l->nr++] = word;
	}
	if (!l->nr)
		return as_text("(no columns)");
	if (rule->own && (l->own = column(l, own)) < 0)
		return own;
	word = flag_columns(l, rule->mask, l->masked);
	if (!word.len)
		word = flag_columns(l, rule->sum, l->summed);
	if (!word.len && rule->own && (l->masked[l->own] || l->summed[l->own]))
		word = own;
	for (size_t i = 0; i < l->nr; i++) {
		l->sums |= l->summed[i];
		if (!word.len && l->masked[i] && l->summed[i])
			word = l->name[i];
	}
	return word;
}

char *rows__check_rule(const struct rows_rule *rule)
{
	struct layout l;
	struct text wrong = layout__init(&l, rule);

	if (!wrong.len)
		return NULL;
	return xprintf(
		"the rule of columns \"%s\" is wrong at \"%.*s\" (unknown, twice, or own and "
		"masked)",
		rule->columns ? rule->columns : "", (int)wrong.len, wrong.data);
}

/* --- a row --- */

/* Splits a line; the last column takes the rest. Returns how many fields are not empty. */
static size_t split(const struct layout *l, struct text line, struct text *field)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < l->nr; i++) {
		field[i] = next_word(&line);
		n += field[i].len > 0;
	}
	field[l->nr - 1] = strip(line);
	return n + (field[l->nr - 1].len > 0);
}

/* Appends the fields joined by one blank; a flagged one becomes `*`. False: not all printable. */
static bool join(struct buf *b, const struct layout *l, const struct text *field,
		 const bool *masked, const bool *summed)
{
	bool clean = true;

	for (size_t i = 0; i < l->nr; i++) {
		bool star = (masked && masked[i]) || (summed && summed[i]);

		if (i && (star || field[i].len))
			buf__add(b, " ", 1);
		if (star)
			buf__add(b, "*", 1);
		else
			clean &= text__visible(b, field[i]);
	}
	buf__add(b, "", 1);
	return clean;
}

/* Fills in the row's strings, which share one piece of memory; `as` are the fields to compare. */
static bool row__set_as(struct row *row, const struct layout *l, const struct text *field,
			const struct text *as, const bool *summed)
{
	struct buf b = { 0 };
	bool clean = join(&b, l, field, NULL, NULL);
	size_t key = b.len, own;

	join(&b, l, as, l->masked, summed);
	own = b.len;
	if (l->own >= 0)
		text__visible(&b, field[l->own]);
	buf__add(&b, "", 1);
	row->text = xrealloc(b.data, b.len, 1);
	row->key = row->text + key;
	row->own = row->text + own;
	return clean;
}

static bool row__set(struct row *row, const struct layout *l, const struct text *field,
		     const bool *summed)
{
	return row__set_as(row, l, field, field, summed);
}

static void rows__add(struct rows *r, struct row row)
{
	if (r->nr == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 64;
		r->row = xrealloc(r->row, r->cap, sizeof(*r->row));
	}
	r->row[r->nr++] = row;
}

static void problem(struct rows *r, const char *fmt, ...) __printf(2, 3);
static void problem(struct rows *r, const char *fmt, ...)
{
	va_list ap;

	if (r->problem)
		return;
	va_start(ap, fmt);
	if (vasprintf(&r->problem, fmt, ap) < 0)
		abort();
	va_end(ap);
}

void rows__free(struct rows *r)
{
	for (size_t i = 0; i < r->nr; i++)
		free(r->row[i].text);
	free(r->row);
	free(r->problem);
	*r = (struct rows){ 0 };
}

/* --- parsing --- */

static int by_value(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_own(const struct layout *l, const struct truth *truth, const struct text *field)
{
	char value[32], *key = value;

	if (l->own < 0)
		return true;
	if (field[l->own].len >= sizeof(value) || !truth->nr_own)
		return false;
	memcpy(value, field[l->own].data, field[l->own].len);
	value[field[l->own].len] = '\0';
	return bsearch(&key, truth->own, truth->nr_own, sizeof(*truth->own), by_value);
}

/* A line that is no row still shows, as one that nothing matches. Returns its text. */
static const char *add_broken(struct rows *r, struct text line)
{
	struct layout whole = { .nr = 1, .own = -1 };
	struct row row = { .line = r->lines, .mark = '!' };

	line.len = line.len < ROWS_MAX_LINE ? line.len : ROWS_MAX_LINE;
	row__set(&row, &whole, &line, NULL);
	rows__add(r, row);
	r->nr_own++;
	return row.text;
}

static void parse_row(struct rows *r, const struct layout *l, const struct truth *truth,
		      struct text line)
{
	struct row row = { .line = r->lines, .mark = '=' };
	struct text field[ROWS_MAX_COLUMNS];
	size_t n = split(l, line, field);
	bool clean;

	if (n + 1 < l->nr) {
		problem(r, "line %zu has %zu of %zu fields", r->lines, n, l->nr);
		add_broken(r, line);
		return;
	}
	clean = row__set(&row, l, field, l->summed);
	if (!is_own(l, truth, field)) {
		row.mark = '.';
	} else {
		r->nr_own++;
		if (!clean)
			problem(r, "line %zu holds characters that are not printable", r->lines);
	}
	rows__add(r, row);
}

static bool is_header(const struct layout *l, struct text line)
{
	for (size_t i = 0; i < l->nr; i++) {
		struct text word = next_word(&line);

		if (word.len != l->name[i].len || memcmp(word.data, l->name[i].data, word.len))
			return false;
	}
	return !strip(line).len;
}

static void parse_line(struct rows *r, const struct layout *l, const struct truth *truth,
		       struct text line, bool whole)
{
	r->lines++;
	if (!whole)
		problem(r, "output ends in the middle of line %zu", r->lines);
	if (line.len > ROWS_MAX_LINE) {
		problem(r, "line %zu is longer than %d bytes", r->lines, ROWS_MAX_LINE);
		add_broken(r, line);
	} else if (is_header(l, line)) {
		if (r->header)
			problem(r, "header line printed twice (line %zu)", r->lines);
		r->header = true;
	} else if (!r->header) {
		/* The first name and what stands behind it are all columns. */
		problem(r, "line %zu is no header line \"%s\": %.80s", r->lines, l->name[0].data,
			add_broken(r, line));
	} else if (r->nr == ROWS_MAX) {
		problem(r, "more than %d rows", ROWS_MAX);
	} else {
		parse_row(r, l, truth, line);
	}
}

/* --- adding up --- */

static int by_key(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int by_own(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	int order = strcmp(x->own, y->own);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* The rows of the stimulus, sorted. The caller frees. */
static struct row **sorted(const struct rows *r, int (*order)(const void *, const void *))
{
	struct row **view = xcalloc(r->nr_own, sizeof(*view));
	size_t n = 0;

	for (size_t i = 0; i < r->nr; i++)
		if (r->row[i].mark != '.')
			view[n++] = &r->row[i];
	qsort(view, n, sizeof(*view), order);
	return view;
}

static bool parse_number(struct text t, int64_t *out)
{
	char digits[24], *end;

	if (!t.len || t.len >= sizeof(digits) ||
	    (t.data[0] != '-' && (t.data[0] < '0' || t.data[0] > '9')))
		return false;
	memcpy(digits, t.data, t.len);
	digits[t.len] = '\0';
	errno = 0;
	*out = strtoll(digits, &end, 10);
	return end == digits + t.len && !errno && digits[t.len - 1] != '-';
}

/* Adds the summed columns of a row to `total`. */
static void add_row(struct rows *r, const struct layout *l, const struct row *row, int64_t *total)
{
	struct text field[ROWS_MAX_COLUMNS];
	int64_t n;

	split(l, as_text(row->text), field);
	for (size_t i = 0; i < l->nr; i++)
		if (l->summed[i] &&
		    (!parse_number(field[i], &n) || __builtin_add_overflow(total[i], n, &total[i])))
			problem(r, "line %zu: %.*s is no number that can be added up", row->line,
				(int)l->name[i].len, l->name[i].data);
}

/* Gives a row the totals as its summed columns. */
static void set_totals(const struct layout *l, struct row *row, const int64_t *total)
{
	struct text field[ROWS_MAX_COLUMNS];
	char number[ROWS_MAX_COLUMNS][24];
	char *old = row->text;

	split(l, as_text(old), field);
	for (size_t i = 0; i < l->nr; i++) {
		if (!l->summed[i])
			continue;
		snprintf(number[i], sizeof(number[i]), "%" PRId64, total[i]);
		field[i] = as_text(number[i]);
	}
	row__set(row, l, field, NULL);
	free(old);
}

/* Adds up rows whose other columns are equal; the first of them stays, with the totals. */
static void add_up(struct rows *r, const struct layout *l)
{
	cleanup_free struct row **view = sorted(r, by_key);
	size_t nr = r->nr_own, kept = 0;

	for (size_t i = 0, next; i < nr; i = next) {
		int64_t total[ROWS_MAX_COLUMNS] = { 0 };

		for (next = i; next < nr && !strcmp(view[next]->key, view[i]->key); next++)
			add_row(r, l, view[next], total);
		for (size_t k = i + 1; k < next; k++) {
			free(view[k]->text);
			view[k]->text = NULL;
			r->nr_own--;
		}
		if (!r->problem)
			set_totals(l, view[i], total);
	}
	for (size_t i = 0; i < r->nr; i++)
		if (r->row[i].text)
			r->row[kept++] = r->row[i];
	r->nr = kept;
}

static void rows__finish(struct rows *r, const struct layout *l)
{
	if (l->sums && !r->problem)
		add_up(r, l);
}

void rows__parse(struct rows *r, const struct rows_rule *rule, const struct truth *own,
		 struct text text)
{
	struct layout l;
	struct text line;
	bool whole;

	*r = (struct rows){ 0 };
	if (layout__init(&l, rule).len)
		problem(r, "the rule is wrong");
	else if (!text.len)
		problem(r, "printed nothing");
	else if (text.len > ROWS_MAX_BYTES)
		problem(r, "printed more than %d MiB", ROWS_MAX_BYTES >> 20);
	else
		while (next_line(&text, &line, &whole))
			parse_line(r, &l, own, line, whole);
	if (!r->header)
		problem(r, "no header line \"%s\"", rule->columns);
	rows__finish(r, &l);
}

static struct mistake *add_mistake(struct truth *t, struct text sentence)
{
	struct buf b = { 0 };

	text__visible(&b, sentence);
	buf__add(&b, "", 0);
	t->mistake = xrealloc(t->mistake, t->nr_mistakes + 1, sizeof(*t->mistake));
	t->mistake[t->nr_mistakes] = (struct mistake){ .sentence = b.data, .rows.header = true };
	return &t->mistake[t->nr_mistakes++];
}

/* The first one counts: others may follow from it. */
static void add_fault(struct truth *t, struct text sentence)
{
	struct buf b = { 0 };

	if (t->fault)
		return;
	text__visible(&b, sentence);
	buf__add(&b, "", 0);
	t->fault = b.data;
}

static void add_own(struct truth *t, struct text value)
{
	t->own = xrealloc(t->own, t->nr_own + 1, sizeof(*t->own));
	t->own[t->nr_own++] = xprintf("%.*s", (int)value.len, value.data);
}

static void collect_own(struct truth *t, struct text text)
{
	struct text line;
	bool whole;

	while (next_line(&text, &line, &whole))
		if (text_is(next_word(&line), "@own") && t->nr_own < ROWS_MAX_OWN)
			add_own(t, strip(line));
	if (t->nr_own)
		qsort(t->own, t->nr_own, sizeof(*t->own), by_value);
}

/* A line "@word argument". Returns where the rows behind it belong. */
static struct rows *directive(struct truth *t, struct text line)
{
	struct text word = next_word(&line);

	if (text_is(word, "@mistake") && t->nr_mistakes < ROWS_MAX_MISTAKES)
		return &add_mistake(t, strip(line))->rows;
	if (text_is(word, "@end"))
		t->end = true;
	else if (text_is(word, "@fault"))
		add_fault(t, strip(line));
	else if (!text_is(word, "@own") && !text_is(word, "@bcc") && !text_is(word, "@libbpf") &&
		 !text_is(word, "@ready") && !text_is(word, "@done"))
		problem(&t->rows, "line %zu: unknown directive", t->rows.lines);
	return &t->rows;
}

static void truth__lines(struct truth *t, const struct layout *l, struct text text)
{
	struct rows *into = &t->rows;
	size_t number = 0;
	struct text line;
	bool whole;

	while (next_line(&text, &line, &whole)) {
		if (t->end)
			problem(&t->rows, "line %zu stands behind @end", number + 1);
		into->lines = t->rows.lines = number++;
		if (line.len && line.data[0] == '@' && whole)
			into = directive(t, line);
		else
			parse_line(into, l, t, line, whole);
	}
}

static void truth__check(struct truth *t, const struct layout *l)
{
	if (!t->end)
		problem(&t->rows, "cut off before @end");
	if (!t->rows.nr)
		problem(&t->rows, "no rows");
	for (size_t i = 0; i < t->rows.nr; i++)
		if (t->rows.row[i].mark == '.')
			problem(&t->rows, "line %zu: no @own names this row", t->rows.row[i].line);
	rows__finish(&t->rows, l);
	for (size_t i = 0; i < t->nr_mistakes; i++) {
		rows__finish(&t->mistake[i].rows, l);
		if (t->mistake[i].rows.problem)
			problem(&t->rows, "@mistake: %s", t->mistake[i].rows.problem);
	}
}

void truth__parse(struct truth *t, const struct rows_rule *rule, struct text text)
{
	struct layout l;

	*t = (struct truth){ 0 };
	if (layout__init(&l, rule).len) {
		problem(&t->rows, "the rule is wrong");
	} else if (text.len > ROWS_MAX_BYTES) {
		problem(&t->rows, "printed more than %d MiB", ROWS_MAX_BYTES >> 20);
	} else {
		collect_own(t, text);
		truth__lines(t, &l, text);
		truth__check(t, &l);
	}
}

void truth__free(struct truth *t)
{
	rows__free(&t->rows);
	for (size_t i = 0; i < t->nr_own; i++)
		free(t->own[i]);
	for (size_t i = 0; i < t->nr_mistakes; i++) {
		free(t->mistake[i].sentence);
		rows__free(&t->mistake[i].rows);
	}
	free(t->own);
	free(t->mistake);
	free(t->fault);
	*t = (struct truth){ 0 };
}

/* --- comparing --- */

/* What is told of the rows that differ: the first one printed, or where the order says nothing, as that of
 * a hash map, the first one when they are sorted, which is the same in each run.
 */
static void take_first(const struct row **first, const struct row *row, bool ordered)
{
	if (!*first || (ordered && row->line < (*first)->line))
		*first = row;
}

/* Walks both sorted views as one merge and counts what only one has. */
static void count_differences(const struct rows *got, const struct rows *want, bool ordered,
			      struct rows_diff *d)
{
	cleanup_free struct row **a = sorted(got, by_key), **b = sorted(want, by_key);
	size_t i = 0, k = 0;

	while (i < got->nr_own || k < want->nr_own) {
		int order = i == got->nr_own	? 1
			    : k == want->nr_own ? -1
						: strcmp(a[i]->key, b[k]->key);

		if (order < 0) {
			d->extra++;
			take_first(&d->first_extra, a[i], ordered);
		} else if (order > 0) {
			d->missing++;
			take_first(&d->first_missing, b[k], ordered);
		}
		i += order <= 0;
		k += order >= 0;
	}
}

/* For equal multisets: the first pair out of place among rows of equal own value. */
static void find_disorder(const struct rows *got, const struct rows *want, struct rows_diff *d)
{
	cleanup_free struct row **a = sorted(got, by_own), **b = sorted(want, by_own);

	for (size_t i = 0; i < got->nr_own && !d->order; i++) {
		if (!strcmp(a[i]->key, b[i]->key))
			continue;
		d->order = true;
		d->first_extra = a[i];
		d->first_missing = b[i];
	}
}

bool rows__match(const struct rows *got, const struct rows *want, bool ordered,
		 struct rows_diff *diff)
{
	struct rows_diff d = { 0 };

	count_differences(got, want, ordered, &d);
	if (ordered && !d.missing && !d.extra)
		find_disorder(got, want, &d);
	if (diff)
		*diff = d;
	return !d.missing && !d.extra && !d.order && got->nr_own && !got->problem && !want->problem;
}

/* --- sums that are near enough --- */

static char *key_without_sums(const struct layout *l, const struct row *row)
{
	struct text field[ROWS_MAX_COLUMNS];
	struct buf b = { 0 };

	split(l, as_text(row->text), field);
	join(&b, l, field, l->masked, l->summed);
	return b.data;
}

/* Whether no sum of the row is too far from that of the wanted row, or from 0 when this is NULL. */
static bool is_near(const struct layout *l, const struct row *row, const struct row *want)
{
	struct text got[ROWS_MAX_COLUMNS], aim[ROWS_MAX_COLUMNS];
	int64_t n, most;

	split(l, as_text(row->text), got);
	if (want)
		split(l, as_text(want->text), aim);
	for (size_t i = 0; i < l->nr; i++) {
		int64_t truth = 0;

		if (!l->summed[i])
			continue;
		if (!parse_number(got[i], &n) || (want && !parse_number(aim[i], &truth)) ||
		    __builtin_mul_overflow(truth, l->percent, &most) ||
		    __builtin_sub_overflow(n, truth, &n))
			return false;
		most = l->off + (most < 0 ? -most : most) / 100;
		if (n > most || n < -most)
			return false;
	}
	return true;
}

/* Compares from now on as if it had the wanted row's sums. */
static void take_sums(struct row *row, const struct layout *l, const struct row *want)
{
	struct text field[ROWS_MAX_COLUMNS], as[ROWS_MAX_COLUMNS], aim[ROWS_MAX_COLUMNS];
	char *old = row->text;

	split(l, as_text(old), field);
	split(l, as_text(want->text), aim);
	for (size_t i = 0; i < l->nr; i++)
		as[i] = l->summed[i] ? aim[i] : field[i];
	row__set_as(row, l, field, as, NULL);
	free(old);
}

static const struct row *find_key(char *const *keys, const struct rows *in, const char *key)
{
	for (size_t i = 0; i < in->nr; i++)
		if (!strcmp(keys[i], key))
			return &in->row[i];
	return NULL;
}

/* Where the rule is tolerant: gives rows near the wanted ones the sums of these, and lets go of rows
 * that nobody wants and that are near nothing.
 */
static void tolerate(struct rows *got, const struct rows *want, const struct layout *l)
{
	char **keys = xcalloc(want->nr, sizeof(*keys));

	for (size_t i = 0; i < want->nr; i++)
		keys[i] = key_without_sums(l, &want->row[i]);
	for (size_t i = 0; i < got->nr && !got->problem && (l->off || l->percent); i++) {
		cleanup_free char *key = key_without_sums(l, &got->row[i]);
		const struct row *same = find_key(keys, want, key);

		if (got->row[i].mark == '.' || !is_near(l, &got->row[i], same))
			continue;
		if (same) {
			take_sums(&got->row[i], l, same);
		} else {
			got->row[i].mark = '.';
			got->nr_own--;
		}
	}
	for (size_t i = 0; i < want->nr; i++)
		free(keys[i]);
	free(keys);
}

/* --- marks --- */

enum { BCC, LIBBPF, TRUTH, NR_SIDES };
static const char *const side_name[NR_SIDES] = { "bcc", "libbpf", "truth" };

/* A row that not every side has as often is marked on the sides that have too many. */
static void mark_multisets(struct rows *const side[NR_SIDES])
{
	struct row **view[NR_SIDES];
	size_t at[NR_SIDES] = { 0 };

	for (int s = 0; s < NR_SIDES; s++)
		view[s] = sorted(side[s], by_key);
	for (;;) {
		size_t same[NR_SIDES] = { 0 }, least = SIZE_MAX;
		const char *key = NULL;

		for (int s = 0; s < NR_SIDES; s++)
			if (at[s] < side[s]->nr_own &&
			    (!key || strcmp(view[s][at[s]]->key, key) < 0))
				key = view[s][at[s]]->key;
		if (!key)
			break;
		for (int s = 0; s < NR_SIDES; s++) {
			while (at[s] + same[s] < side[s]->nr_own &&
			       !strcmp(view[s][at[s] + same[s]]->key, key))
				same[s]++;
			least = same[s] < least ? same[s] : least;
		}
		for (int s = 0; s < NR_SIDES; at[s] += same[s], s++)
			for (size_t i = least; i < same[s]; i++)
				view[s][at[s] + i]->mark = '!';
	}
	for (int s = 0; s < NR_SIDES; s++)
		free(view[s]);
}

static bool any_marked(struct rows *const side[NR_SIDES])
{
	for (int s = 0; s < NR_SIDES; s++)
		for (size_t i = 0; i < side[s]->nr; i++)
			if (side[s]->row[i].mark == '!')
				return true;
	return false;
}

/* For equal multisets: marks the places at which not all sides have the same row. */
static void mark_disorder(struct rows *const side[NR_SIDES])
{
	cleanup_free struct row **bcc = sorted(side[BCC], by_own);
	cleanup_free struct row **libbpf = sorted(side[LIBBPF], by_own);
	cleanup_free struct row **truth = sorted(side[TRUTH], by_own);

	for (size_t i = 0; i < side[TRUTH]->nr_own; i++)
		if (strcmp(bcc[i]->key, truth[i]->key) || strcmp(libbpf[i]->key, truth[i]->key))
			bcc[i]->mark = libbpf[i]->mark = truth[i]->mark = '!';
}

static void mark(struct rows *const side[NR_SIDES], bool ordered)
{
	mark_multisets(side);
	if (ordered && !any_marked(side))
		mark_disorder(side);
}

/* --- causes that the rows themselves give away --- */

static struct text field_of(const struct layout *l, const struct row *row, size_t column)
{
	struct text field[ROWS_MAX_COLUMNS];

	split(l, as_text(row->text), field);
	return field[column];
}

static bool is_empty(struct text t)
{
	return !t.len;
}

/* 0, 0x0, 0.0.0.0, ::, 00:00:00:00:00:00 */
static bool is_zero(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!strchr("0x.:", t.data[i]))
			return false;
	return t.len;
}

/* How many rows of the stimulus have such a value in the column. */
static size_t count_values(const struct rows *r, const struct layout *l, size_t column,
			   bool (*is)(struct text))
{
	size_t n = 0;

	for (size_t i = 0; i < r->nr; i++)
		n += r->row[i].mark != '.' && is(field_of(l, &r->row[i], column));
	return n;
}

static bool all_the_same(const struct rows *r, const struct layout *l, size_t column)
{
	const struct row *first = NULL;

	for (size_t i = 0; i < r->nr; i++) {
		struct text t;

		if (r->row[i].mark == '.')
			continue;
		t = field_of(l, &r->row[i], column);
		first = first ? first : &r->row[i];
		if (t.len != field_of(l, first, column).len ||
		    memcmp(t.data, field_of(l, first, column).data, t.len))
			return false;
	}
	return true;
}

/* A column without any information in it. */
static char *dull_column(const struct rows *got, const struct rows *want, const struct layout *l,
			 size_t column)
{
	struct text name = l->name[column];

	if (count_values(got, l, column, is_empty) == got->nr_own &&
	    !count_values(want, l, column, is_empty))
		return xprintf("column %.*s is empty in every row: nothing was read into it, or a "
			       "column before it prints nothing",
			       (int)name.len, name.data);
	if (count_values(got, l, column, is_zero) == got->nr_own &&
	    !count_values(want, l, column, is_zero))
		return xprintf("column %.*s is zero in every row", (int)name.len, name.data);
	if (got->nr_own == want->nr_own && all_the_same(got, l, column) &&
	    !all_the_same(want, l, column))
		return xprintf("column %.*s is the same in every row", (int)name.len, name.data);
	return NULL;
}

/* Conversions of a value: what the truth would be if the mistake were undone. */

static bool swap_bytes(struct text t, char *out, size_t bytes)
{
	int64_t n;

	if (!parse_number(t, &n) || n < 0 || n >> (8 * bytes))
		return false;
	n = bytes == 2 ? __builtin_bswap16(n) : __builtin_bswap32(n);
	sprintf(out, "%" PRId64, n);
	return true;
}

static bool swap16(struct text t, char *out)
{
	return swap_bytes(t, out, 2);
}

static bool swap32(struct text t, char *out)
{
	return swap_bytes(t, out, 4);
}

static bool swap_address(struct text t, char *out)
{
	unsigned int a, b, c, d;
	char address[16];
	int end = -1;

	if (!t.len || t.len >= sizeof(address))
		return false;
	memcpy(address, t.data, t.len);
	address[t.len] = '\0';
	if (sscanf(address, "%3u.%3u.%3u.%3u%n", &a, &b, &c, &d, &end) != 4 || end != (int)t.len)
		return false;
	sprintf(out, "%u.%u.%u.%u", d, c, b, a);
	return true;
}

static bool halve(struct text t, char *out)
{
	int64_t n;

	if (!parse_number(t, &n) || n % 2)
		return false;
	sprintf(out, "%" PRId64, n / 2);
	return true;
}

static bool blot_out(struct text t __maybe_unused, char *out)
{
	strcpy(out, "*");
	return true;
}

/* Copies the stimulus's rows with one column converted, if any. False when a value cannot be. */
static bool convert(struct rows *out, const struct rows *in, const struct layout *l, size_t column,
		    bool (*change)(struct text, char *))
{
	for (size_t i = 0; i < in->nr; i++) {
		struct row row = { .line = in->row[i].line, .mark = in->row[i].mark };
		struct text field[ROWS_MAX_COLUMNS];
		char value[64];

		if (row.mark == '.')
			continue;
		split(l, as_text(in->row[i].text), field);
		if (change && !change(field[column], value))
			return false;
		if (change)
			field[column] = as_text(value);
		row__set(&row, l, field, NULL);
		rows__add(out, row);
		out->nr_own++;
	}
	return true;
}

static bool match_converted(const struct rows *got, const struct rows *want, const struct layout *l,
			    bool ordered, size_t column, bool (*change)(struct text, char *))
{
	struct rows a = { 0 }, b = { 0 };
	bool same = convert(&a, got, l, column, change);

	if (same && change == blot_out)
		same = convert(&b, want, l, column, change) && rows__match(&a, &b, ordered, NULL);
	else
		same = same && rows__match(&a, want, ordered, NULL);
	rows__free(&a);
	rows__free(&b);
	return same;
}

static char *wrong_column(const struct rows *got, const struct rows *want, const struct layout *l,
			  bool ordered, size_t column)
{
	static const struct {
		bool (*change)(struct text, char *);
		const char *say;
	} conversions[] = {
		{ halve, "column %.*s is twice the truth in every row: is something attached or "
			 "counted twice?" },
		{ swap16, "the bytes of column %.*s are swapped: see bpf_ntohs() and bpf_htons()" },
		{ swap32, "the bytes of column %.*s are swapped: see bpf_ntohl() and bpf_htonl()" },
		{ swap_address, "the bytes of column %.*s are swapped: inet_ntop() wants the "
				"address as the kernel keeps it, in network byte order" },
		{ blot_out, "only column %.*s differs from the truth" },
	};

	if (l->masked[column])
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(conversions); i++)
		if (match_converted(got, want, l, ordered, column, conversions[i].change))
			return xprintf(conversions[i].say, (int)l->name[column].len,
				       l->name[column].data);
	return NULL;
}

static bool every_row_twice(const struct rows *got, const struct rows *want)
{
	cleanup_free struct row **a = sorted(got, by_key), **b = sorted(want, by_key);
	bool twice = got->nr_own == 2 * want->nr_own;

	for (size_t i = 0; twice && i < got->nr_own; i++)
		twice = !strcmp(a[i]->key, b[i / 2]->key);
	return twice;
}

/* Whether the rows are the truth's once `column` is added up over those that are alike. */
static bool split_by(const struct rows *got, const struct rows *want, const struct layout *l,
		     bool ordered, size_t column)
{
	struct layout sum = *l;
	struct rows a = { 0 };
	bool same;

	memset(sum.summed, 0, sizeof(sum.summed));
	sum.summed[column] = true;
	for (size_t i = 0; i < got->nr; i++) {
		struct row row = { .line = got->row[i].line, .mark = got->row[i].mark };
		struct text field[ROWS_MAX_COLUMNS];

		if (row.mark == '.')
			continue;
		split(&sum, as_text(got->row[i].text), field);
		row__set(&row, &sum, field, sum.summed);
		rows__add(&a, row);
		a.nr_own++;
	}
	add_up(&a, &sum);
	same = !a.problem && rows__match(&a, want, ordered, NULL);
	rows__free(&a);
	return same;
}

static char *split_rows(const struct rows *got, const struct rows *want, const struct layout *l,
			bool ordered)
{
	struct rows_diff d = { 0 };

	/* A row that was split is missing as a whole. One printed twice with a zero adds up, too. */
	count_differences(got, want, ordered, &d);
	if (!d.missing)
		return NULL;
	for (size_t c = 0; c < l->nr && got->nr_own > want->nr_own && !l->sums; c++)
		if (!l->masked[c] && split_by(got, want, l, ordered, c))
			return xprintf(
				"rows that print alike are split, their %.*s adds up: the keys "
				"differ in bytes that are not printed, in padding or behind a "
				"string's end",
				(int)l->name[c].len, l->name[c].data);
	return NULL;
}

static char *no_rows(const struct rows *got, const struct layout *l)
{
	if (!got->nr)
		return xstrdup("there is a header but no row: is the program attached where these "
			       "events happen, and does a filter drop them?");
	return xprintf("every row is of another process: is column %.*s the process's ID (not the "
		       "thread's, not the parent's)?",
		       (int)l->name[l->own].len, l->name[l->own].data);
}

/* What is near the mistake's rows need not be near the truth's, nor the other way round. */
static bool is_mistake(const struct rows *got, const struct rows *mistake, const struct layout *l,
		       bool ordered)
{
	struct rows copy = { 0 };
	bool same;

	convert(&copy, got, l, 0, NULL);
	tolerate(&copy, mistake, l);
	same = rows__match(&copy, mistake, ordered, NULL);
	rows__free(&copy);
	return same;
}

/* The likeliest reason why libbpf's rows differ from the truth: an allocated sentence or NULL. */
static char *find_cause(const struct rows *got, const struct truth *truth, const struct layout *l,
			bool ordered)
{
	const struct rows *want = &truth->rows;
	char *cause = NULL;

	if (got->problem)
		return NULL;
	for (size_t i = 0; i < truth->nr_mistakes; i++) {
		const struct rows *m = &truth->mistake[i].rows;

		if (is_mistake(got, m, l, ordered) || (!got->nr_own && !m->nr))
			return xstrdup(truth->mistake[i].sentence);
	}
	if (!got->nr_own)
		return no_rows(got, l);
	if (every_row_twice(got, want))
		return xstrdup("every row is there twice: is something attached twice, or are two "
			       "programs reporting the same event?");
	cause = split_rows(got, want, l, ordered);
	for (size_t c = 0; c < l->nr && !cause; c++)
		if (!l->masked[c])
			cause = dull_column(got, want, l, c);
	for (size_t c = 0; c < l->nr && !cause && got->nr_own == want->nr_own; c++)
		cause = wrong_column(got, want, l, ordered, c);
	return cause;
}

/* --- the verdict --- */

bool need__met(const struct need *need, struct text facts)
{
	bool never = need->fact[0] == '!', found = false, any = false, whole;
	struct text line;

	while (next_line(&facts, &line, &whole)) {
		char fact[1024];

		if (line.len >= sizeof(fact)) {
			found |= never; /* it could be what must not be */
			continue;
		}
		if (!line.len)
			continue;
		memcpy(fact, line.data, line.len);
		fact[line.len] = '\0';
		any = true;
		found |= !fnmatch(need->fact + never, fact, 0);
	}
	return any && found != never;
}

void row__short(struct buf *b, const char *text)
{
	size_t len = strlen(text), max = 160;

	if (len <= max) {
		buf__add(b, text, len);
		return;
	}
	while ((text[max] & 0xc0) == 0x80)
		max--;
	buf__add(b, text, max);
	buf__printf(b, "...");
}

static void name_row(struct buf *b, const char *side, const char *what, const struct row *row)
{
	if (!row)
		return;
	buf__printf(b, "message %s: %s: ", side, what);
	row__short(b, row->text);
	buf__printf(b, "\n");
}

static const char *s(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Says how a tool's rows differ from the truth. Returns whether they match. */
static bool compare_tool(struct buf *b, const char *side, const struct rows *got,
			 const struct rows *want, bool ordered)
{
	struct rows_diff d;
	bool match = rows__match(got, want, ordered, &d);

	if (got->problem)
		buf__printf(b, "message %s: %s\n", side, got->problem);
	if (!got->header)
		return match;
	if (d.missing || d.extra)
		buf__printf(b,
			    "message %s: %zu row%s missing, %zu row%s too many (%zu of %zu "
			    "expected rows are right)\n",
			    side, d.missing, s(d.missing), d.extra, s(d.extra),
			    want->nr_own - d.missing, want->nr_own);
	if (d.order)
		buf__printf(b, "message %s: all %zu rows are there, but in another order\n", side,
			    want->nr_own);
	name_row(b, side, d.order ? "first row out of place" : "first row too many", d.first_extra);
	name_row(b, side, d.order ? "expected in its place" : "first row missing", d.first_missing);
	return match;
}

static bool compare_all(struct buf *b, struct rows *const side[NR_SIDES], bool ordered)
{
	bool bcc = compare_tool(b, "bcc", side[BCC], side[TRUTH], ordered);
	bool libbpf = compare_tool(b, "libbpf", side[LIBBPF], side[TRUTH], ordered);

	if (libbpf && !bcc)
		buf__printf(b, "message bcc rows differ from the truth while libbpf rows equal it: "
			       "the prototype or the stimulus is at fault, not the libbpf "
			       "program\n");
	else if (!libbpf && !bcc && rows__match(side[LIBBPF], side[BCC], ordered, NULL))
		buf__printf(b, "message bcc and libbpf rows are equal, only the truth differs: the "
			       "stimulus is at fault, or both programs are\n");
	return bcc && libbpf;
}

static bool judge_needs(struct buf *messages, struct buf *lines, const struct need *needs,
			size_t nr, struct text facts)
{
	bool all = true;

	if (nr && needs[0].fact && !facts.len)
		buf__printf(messages, "message facts: nothing is known of the object\n");
	for (size_t i = 0; i < nr && needs[i].fact; i++) {
		bool met = need__met(&needs[i], facts);

		buf__printf(lines, "need %s %s\n", met ? "ok" : "missing", needs[i].say);
		if (!met)
			buf__printf(messages, "message the object %s: %s\n",
				    needs[i].fact[0] == '!' ? "does not keep to" : "lacks",
				    needs[i].say);
		all &= met;
	}
	return all;
}

/* Rows that differ are listed before others are, within a bound. */
static void list_rows(struct buf *out, const char *side, const struct rows *r)
{
	size_t left[2] = { ROWS_LISTED, ROWS_LISTED }, hidden = 0;

	for (size_t i = 0; i < r->nr; i++) {
		size_t *quota = &left[r->row[i].mark == '!'];

		if (*quota) {
			--*quota;
			buf__printf(out, "row %s %c %s\n", side, r->row[i].mark, r->row[i].text);
		} else {
			hidden++;
		}
	}
	if (hidden)
		buf__printf(out, "more %s %zu\n", side, hidden);
}

static void list_sides(struct buf *out, const struct layout *l, struct rows *const side[NR_SIDES])
{
	buf__printf(out, "columns");
	for (size_t i = 0; i < l->nr; i++)
		buf__printf(out, " %.*s", (int)l->name[i].len, l->name[i].data);
	buf__printf(out, "\n");
	for (int i = 0; i < NR_SIDES; i++)
		list_rows(out, side_name[i], side[i]);
}

static enum verdict judge(const struct rows_rule *rule, const struct layout *l,
			  const struct truth *truth, struct rows *const side[NR_SIDES],
			  struct buf *messages, char **cause)
{
	bool match;

	if (truth->rows.problem) {
		buf__printf(messages,
			    "message truth: %s: the stimulus is at fault, whatever the "
			    "programs do\n",
			    truth->rows.problem);
		return VERDICT_SETUP;
	}
	match = compare_all(messages, side, rule->ordered);
	if (!match && !rows__match(side[LIBBPF], side[TRUTH], rule->ordered, NULL))
		*cause = find_cause(side[LIBBPF], truth, l, rule->ordered);
	if (truth->fault)
		buf__printf(messages, "message libbpf: %s\n", truth->fault);
	return match && !truth->fault ? VERDICT_MATCH : VERDICT_MISMATCH;
}

static enum verdict judge_parsed(const struct rows_rule *rule, const struct layout *l,
				 const struct need *needs, size_t nr_needs,
				 const struct judge_input *in, struct buf *out)
{
	cleanup_buf struct buf messages = { 0 }, lines = { 0 };
	struct rows bcc, libbpf, *side[NR_SIDES];
	cleanup_free char *cause = NULL;
	enum verdict verdict;
	struct truth truth;

	truth__parse(&truth, rule, in->truth);
	rows__parse(&bcc, rule, &truth, in->bcc);
	rows__parse(&libbpf, rule, &truth, in->libbpf);
	tolerate(&bcc, &truth.rows, l);
	tolerate(&libbpf, &truth.rows, l);
	side[BCC] = &bcc;
	side[LIBBPF] = &libbpf;
	side[TRUTH] = &truth.rows;
	verdict = judge(rule, l, &truth, side, &messages, &cause);
	buf__printf(&lines, "rows %s\n", verdict == VERDICT_MATCH ? "match" : "differ");
	if (!judge_needs(&messages, &lines, needs, nr_needs, in->facts) && verdict == VERDICT_MATCH)
		verdict = VERDICT_MISMATCH;
	mark(side, rule->ordered);
	buf__printf(out, "verdict %s\n", verdict == VERDICT_MATCH ? "match" : "mismatch");
	buf__add(out, messages.data, messages.len);
	if (cause)
		buf__printf(out, "cause %s\n", cause);
	buf__add(out, lines.data, lines.len);
	list_sides(out, l, side);
	for (int i = 0; i < TRUTH; i++)
		rows__free(side[i]);
	truth__free(&truth);
	return verdict;
}

enum verdict rows__judge(const struct rows_rule *rule, const struct need *needs, size_t nr_needs,
			 const struct judge_input *in, struct buf *out)
{
	cleanup_free char *wrong = rows__check_rule(rule);
	struct layout l;

	layout__init(&l, rule);
	if (!wrong)
		return judge_parsed(rule, &l, needs, nr_needs, in, out);
	buf__printf(out, "verdict mismatch\nmessage truth: %s\n", wrong);
	return VERDICT_SETUP;
}
