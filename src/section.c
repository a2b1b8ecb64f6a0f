// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "section.h"

const char *const section_names[] = {
	"includes", "args", "types", "config", "maps", "helpers", "probe", "license",
	"output",   "open", "load",  "attach", "loop", "cleanup", NULL,
};

bool section__known(const char *name)
{
	for (const char *const *known = section_names; *known; known++)
		if (!strcmp(*known, name))
			return true;
	return false;
}

static bool is_a(const char *file, const char *suffix)
{
	return text__ends(file, strlen(file), suffix);
}

/* NAME of a line that is "OPENING NAME CLOSING" between blanks; NULL when it is not. */
static char *between(const char *trimmed, const char *opening, const char *closing)
{
	size_t len = strlen(trimmed), out = strlen(opening), in = strlen(closing);

	if (len <= out + in || !text__starts(trimmed, len, opening) ||
	    !text__ends(trimmed, len, closing))
		return NULL;
	return text__trim(trimmed + out, len - out - in);
}

/* The name in a heading, or NULL when the line is none; `c` tells which comment it is. */
static char *heading(const char *file, const char *line, size_t len, bool *c)
{
	cleanup_free char *trimmed = text__trim(line, len);
	char *name = between(trimmed, "/* --- ", " --- */");

	*c = name;
	if (!name && is_a(file, ".py"))
		name = between(trimmed, "# --- ", " ---");
	return name;
}

static enum side side_of(const char *file, bool c_heading)
{
	if (is_a(file, ".py"))
		return c_heading ? SIDE_KERNEL : SIDE_USER;
	return is_a(file, ".bpf.c") || is_a(file, ".h") ? SIDE_KERNEL : SIDE_USER;
}

/* Takes the lines of `body` as the text of `part`, without blank lines at either end. */
static void set_text(struct part *part, const char *body, const char *end)
{
	struct lines l = lines_of(body, end - body);
	struct buf text = { 0 };
	size_t kept = 0;

	l.number = part->line; /* of the heading */
	buf__add(&text, "", 0);
	while (lines__next(&l)) {
		bool blank = text__blank(l.line, l.len);

		if (blank && !text.len)
			continue;
		if (!text.len)
			part->line = l.number;
		buf__add(&text, l.line, l.len);
		buf__add(&text, "\n", 1);
		if (!blank)
			kept = text.len;
	}
	text.data[kept] = '\0';
	part->text = text.data;
}

/* Where a header's last section ends: before the #endif of the guard, when it has one. */
static const char *end_of_header(const char *text, size_t len)
{
	struct lines l = lines_of(text, len);
	const char *last = text + len;
	bool guarded = false;

	while (lines__next(&l)) {
		if (text__blank(l.line, l.len))
			continue;
		guarded |= text__starts(l.line, l.len, "#ifndef ");
		last = guarded && text__starts(l.line, l.len, "#endif") ? l.line : text + len;
	}
	return last;
}

static struct part *new_part(struct parts *parts, const char *file, char *name)
{
	parts->items = xrealloc(parts->items, parts->count + 1, sizeof(*parts->items));
	parts->items[parts->count] = (struct part){ .file = xstrdup(file), .name = name };
	return &parts->items[parts->count++];
}

void parts__add(struct parts *parts, const char *file, const char *text, size_t len)
{
	const char *end = is_a(file, ".h") ? end_of_header(text, len) : text + len;
	struct lines l = lines_of(text, end - text);
	struct part *part = NULL;
	const char *body = NULL;
	char *name;
	bool c;

	while (lines__next(&l)) {
		name = heading(file, l.line, l.len, &c);
		if (!name)
			continue;
		if (part)
			set_text(part, body, l.line);
		part = new_part(parts, file, name);
		part->line = l.number;
		part->side = side_of(file, c);
		body = l.next < end ? l.next : end;
	}
	if (part)
		set_text(part, body, end);
}

bool parts__has(const struct parts *parts, const char *name)
{
	for (size_t i = 0; i < parts->count; i++)
		if (!strcmp(parts->items[i].name, name))
			return true;
	return false;
}

void parts__free(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		free(parts->items[i].file);
		free(parts->items[i].name);
		free(parts->items[i].text);
	}
	free(parts->items);
	*parts = (struct parts){ 0 };
}

/* Whether a line may stand before the first heading: blank, comment, a header's guard. */
static bool may_lead(const char *file, const struct lines *l, bool *in_comment)
{
	cleanup_free char *line = text__trim(l->line, l->len);
	size_t len = strlen(line);

	if (is_a(file, ".py"))
		return !len || *line == '#';
	if (*in_comment || text__starts(line, len, "/*")) {
		*in_comment = !strstr(line, "*/");
		return true;
	}
	if (is_a(file, ".h") &&
	    (text__starts(line, len, "#ifndef ") || text__starts(line, len, "#define ") ||
	     !strcmp(line, "#pragma once")))
		return true;
	return !len || text__starts(line, len, "//");
}

static unsigned check_lead(const char *file, struct lines *l, const char **why)
{
	bool in_comment = false;

	while (lines__next(l)) {
		bool c;
		cleanup_free char *name = heading(file, l->line, l->len, &c);

		if (name) {
			l->next = l->line; /* read it again */
			l->number--;
			return 0;
		}
		if (may_lead(file, l, &in_comment))
			continue;
		*why = "code before the first section heading; put a heading above it";
		return l->number;
	}
	*why = "no section heading; divide the file into sections";
	return l->number ? l->number : 1;
}

static unsigned triple_quotes(const char *line, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i + 3 <= len; i++) {
		if (memcmp(line + i, "\"\"\"", 3) && memcmp(line + i, "'''", 3))
			continue;
		n++;
		i += 2;
	}
	return n;
}

/* Follows the strings of a Python file from heading to heading. */
struct strings_of_python {
	bool in_c;	 /* the last heading was C */
	bool open;	 /* a triple-quoted string */
	unsigned inside; /* first line in a string that a Python section opened, 0: none yet */
};

static unsigned check_heading(struct strings_of_python *s, unsigned line, bool c, const char **why)
{
	unsigned inside = s->inside;

	if (c && !s->open) {
		*why = "C heading outside the C text; write `# --- NAME ---`";
		return line;
	}
	if (!c && s->open) {
		*why = "Python heading inside a string; end the string before it";
		return line;
	}
	s->in_c = c;
	s->inside = 0;
	*why = "C text without a heading; put `/* --- NAME --- */` above it";
	return c ? inside : 0;
}

static unsigned check_line(struct strings_of_python *s, const struct lines *l, const char **why)
{
	bool was_open = s->open;

	s->open ^= triple_quotes(l->line, l->len) & 1;
	if (s->in_c && !was_open && !text__blank(l->line, l->len)) {
		*why = "Python code in a section of the C text; put `# --- NAME ---` above it";
		return l->number;
	}
	if (!s->open)
		s->inside = 0;
	else if (!s->in_c && was_open && !s->inside && !text__blank(l->line, l->len))
		s->inside = l->number;
	return 0;
}

static unsigned check_python(const char *file, struct lines *l, const char **why)
{
	struct strings_of_python s = { 0 };
	unsigned bad = 0;

	while (!bad && lines__next(l)) {
		bool c;
		cleanup_free char *name = heading(file, l->line, l->len, &c);

		bad = name ? check_heading(&s, l->number, c, why) : check_line(&s, l, why);
	}
	return bad;
}

unsigned section__misplaced(const char *file, const char *text, size_t len, const char **why)
{
	struct lines l = lines_of(text, len);
	unsigned bad = check_lead(file, &l, why);

	return bad || !is_a(file, ".py") ? bad : check_python(file, &l, why);
}
