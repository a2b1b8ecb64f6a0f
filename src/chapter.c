// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <regex.h>
#include <string.h>

#include "chapter.h"

/* --- fences --- */

static size_t span(const char *line, size_t len, const char *accept)
{
	size_t n = 0;

	while (n < len && strchr(accept, line[n]) && line[n])
		n++;
	return n;
}

/* Length of the run of backticks that opens or closes a fence, 0 when there is none. */
static size_t ticks(const char *line, size_t len)
{
	size_t n = span(line, len, "`");

	return n >= 3 && !memchr(line + n, '`', len - n) ? n : 0;
}

static struct fence *open_fence(struct fences *fences, const struct lines *l, size_t prefix,
				size_t n)
{
	struct fence *fence;
	cleanup_free char *info = text__trim(l->line + prefix + n, l->len - prefix - n);
	size_t word = strcspn(info, " \t");

	fences->items = xrealloc(fences->items, fences->count + 1, sizeof(*fences->items));
	fence = &fences->items[fences->count++];
	*fence = (struct fence){
		.line = l->number,
		.last = l->number,
		.prefix = text__copy(l->line, prefix),
		.language = text__copy(info, word),
		.argument = text__trim(info + word, strlen(info + word)),
		.why = xstrdup(""),
	};
	return fence;
}

/* A body's line without as much of the prefix as it has. */
static void add_body(struct buf *body, const struct fence *fence, const char *line, size_t len)
{
	size_t skip = 0;

	while (skip < len && fence->prefix[skip] && line[skip] == fence->prefix[skip])
		skip++;
	buf__add(body, line + skip, len - skip);
	buf__add(body, "\n", 1);
}

/* Reads up to the closing fence, which is at least as long as the opening one. */
static void read_body(struct fence *fence, struct lines *l, const char *text, size_t opening)
{
	struct buf body = { 0 };

	buf__add(&body, "", 0);
	fence->start = fence->end = l->next < l->end ? l->next - text : l->end - text;
	while (!fence->closed && lines__next(l)) {
		size_t prefix = span(l->line, l->len, " >");
		size_t n = ticks(l->line + prefix, l->len - prefix);

		fence->last = l->number;
		fence->end = l->line - text;
		fence->closed =
			n >= opening && text__blank(l->line + prefix + n, l->len - prefix - n);
		if (!fence->closed)
			add_body(&body, fence, l->line, l->len);
	}
	if (!fence->closed)
		fence->end = l->end - text;
	fence->body = body.data;
}

/* The paragraph that starts at `l` or behind blank lines; a fence, heading or list item is none. */
static char *paragraph(struct lines l)
{
	struct buf why = { 0 };

	buf__add(&why, "", 0);
	while (lines__next(&l)) {
		size_t quote = span(l.line, l.len, " >");
		cleanup_free char *line = text__trim(l.line + quote, l.len - quote);

		if (!*line && !why.len)
			continue;
		if (!*line || !strncmp(line, "```", 3) || strchr("#|<", *line))
			break;
		buf__printf(&why, "%s%s", why.len ? " " : "", line);
	}
	return why.data;
}

void fences__parse(struct fences *fences, const char *text, size_t len)
{
	struct lines l = lines_of(text, len);

	while (lines__next(&l)) {
		size_t prefix = span(l.line, l.len, " >");
		size_t n = ticks(l.line + prefix, l.len - prefix);
		struct fence *fence;

		if (!n)
			continue;
		fence = open_fence(fences, &l, prefix, n);
		read_body(fence, &l, text, n);
		if (fence__is_compare(fence)) {
			free(fence->why);
			fence->why = paragraph(l);
		}
	}
}

const struct fence *fences__at(const struct fences *fences, unsigned number)
{
	for (size_t i = 0; i < fences->count; i++)
		if (fences->items[i].line <= number && number <= fences->items[i].last)
			return &fences->items[i];
	return NULL;
}

static void add_prefixed(struct buf *out, const char *prefix, const char *body)
{
	struct lines l = lines_of(body, strlen(body));
	cleanup_free char *bare = xstrdup(prefix);

	for (size_t n = strlen(bare); n && bare[n - 1] == ' '; n--)
		bare[n - 1] = '\0';
	while (lines__next(&l)) {
		const char *p = l.len ? prefix : bare;

		buf__add(out, p, strlen(p));
		buf__add(out, l.line, l.len);
		buf__add(out, "\n", 1);
	}
}

void fences__rewrite(const struct fences *fences, const char *text, size_t len, char **bodies,
		     struct buf *out)
{
	size_t done = 0;

	for (size_t i = 0; i < fences->count; i++) {
		const struct fence *fence = &fences->items[i];

		if (!bodies[i])
			continue;
		buf__add(out, text + done, fence->start - done);
		add_prefixed(out, fence->prefix, bodies[i]);
		done = fence->end;
	}
	buf__add(out, text + done, len - done);
}

void fences__free(struct fences *fences)
{
	for (size_t i = 0; i < fences->count; i++) {
		free(fences->items[i].language);
		free(fences->items[i].argument);
		free(fences->items[i].body);
		free(fences->items[i].why);
		free(fences->items[i].prefix);
	}
	free(fences->items);
	*fences = (struct fences){ 0 };
}

/* --- compare --- */

bool fence__is_compare(const struct fence *fence)
{
	return !strcmp(fence->language, "compare");
}

enum only only__parse(const char *text)
{
	if (!strcmp(text, "bcc"))
		return ONLY_BCC;
	return strcmp(text, "libbpf") ? ONLY_NONE : ONLY_LIBBPF;
}

int compare__parse(struct compare *compare, const char *argument, const char **why)
{
	cleanup_strings struct strings words = { 0 };

	*compare = (struct compare){ 0 };
	strings__split(&words, argument);
	*why = "not a section's name; write one of those that CONTRIBUTING.md lists";
	if (!words.count || !section__known(words.items[0]))
		return -EINVAL;
	snprintf(compare->name, sizeof(compare->name), "%s", words.items[0]);
	if (words.count == 1)
		return 0;
	*why = "the name is followed by something else than only=bcc or only=libbpf; remove it";
	if (words.count > 2 || strncmp(words.items[1], "only=", 5))
		return -EINVAL;
	compare->only = only__parse(words.items[1] + 5);
	return compare->only ? 0 : -EINVAL;
}

static void add_parts(struct buf *out, const struct parts *parts, const char *name)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];
		bool python = text__ends(part->file, strlen(part->file), ".py") &&
			      part->side == SIDE_USER;

		if (strcmp(part->name, name))
			continue;
		buf__printf(out, "%s%s %s:%u%s\n", out->len ? "\n" : "", python ? "#" : "/*",
			    part->file, part->line, python ? "" : " */");
		text__dedent(out, part->text);
	}
}

void compare__body(struct buf *out, const struct parts *bcc, const struct parts *libbpf,
		   const char *name)
{
	add_parts(out, bcc, name);
	add_parts(out, libbpf, name);
}

/* --- sources --- */

/* Reads "/REGEX/" at `*at` and moves behind it; "\/" stands for a slash. NULL when it is none. */
static char *read_regex(const char **at)
{
	struct buf regex = { 0 };
	const char *p = *at;

	if (*p++ != '/')
		return NULL;
	for (; *p && *p != '/'; p++) {
		if (p[0] == '\\' && p[1]) {
			if (p[1] != '/')
				buf__add(&regex, p, 1);
			p++;
		}
		buf__add(&regex, p, 1);
	}
	if (!*p || !regex.len) {
		buf__free(&regex);
		return NULL;
	}
	*at = p + 1;
	return regex.data;
}

static int parse_pattern(struct source *source, const char *pattern, const char **why)
{
	*why = "not a line pattern; write FILE#/START/ or FILE#/START/,/END/";
	source->start = read_regex(&pattern);
	if (!source->start)
		return -EINVAL;
	if (!*pattern)
		return 0;
	if (*pattern++ != ',')
		return -EINVAL;
	source->end = read_regex(&pattern);
	return source->end && !*pattern ? 0 : -EINVAL;
}

int source__parse(struct source *source, const char *argument, const char **why)
{
	size_t len = strcspn(argument, "#:");
	char mark = argument[len];

	*source = (struct source){ .file = text__trim(argument, len) };
	*why = "names no source; write FILE:SECTION or FILE#/START/,/END/ behind the language";
	if (!*source->file)
		return -EINVAL;
	if (mark == '#')
		return parse_pattern(source, argument + len + 1, why);
	if (mark != ':')
		return 0;
	source->section = text__trim(argument + len + 1, strlen(argument + len + 1));
	*why = "not a section's name; write one of those that CONTRIBUTING.md lists";
	return section__known(source->section) ? 0 : -EINVAL;
}

static int extract_section(const struct source *source, const char *language, const char *text,
			   size_t len, struct buf *out)
{
	bool python = !strcmp(language, "python");
	bool mixed = text__ends(source->file, strlen(source->file), ".py");
	cleanup_parts struct parts parts = { 0 };

	parts__add(&parts, source->file, text, len);
	for (size_t i = 0; i < parts.count; i++) {
		const struct part *part = &parts.items[i];

		if (strcmp(part->name, source->section) ||
		    (mixed && python != (part->side == SIDE_USER)))
			continue;
		if (out->len)
			buf__add(out, "\n", 1);
		text__dedent(out, part->text);
	}
	return out->len ? 0 : -EINVAL;
}

static bool matches(const regex_t *regex, const struct lines *l)
{
	cleanup_free char *line = text__copy(l->line, l->len);

	return !regexec(regex, line, 0, NULL, 0);
}

/* Takes the lines from the first that matches `start` to the next that matches `end`, if given. */
static int extract_lines(const regex_t *start, const regex_t *end, const char *text, size_t len,
			 struct buf *out)
{
	struct lines l = lines_of(text, len);
	cleanup_buf struct buf found = { 0 };
	bool done = false;

	while (!done && lines__next(&l)) {
		if (!found.len && !matches(start, &l))
			continue;
		done = end ? found.len && matches(end, &l) : true;
		buf__add(&found, l.line, l.len);
		buf__add(&found, "\n", 1);
	}
	if (!done)
		return -EINVAL;
	text__dedent(out, found.data);
	while (out->len > 1 && !strcmp(out->data + out->len - 2, "\n\n"))
		out->data[--out->len] = '\0'; /* a pattern may end at a blank line */
	return 0;
}

static int extract_pattern(const struct source *source, const char *text, size_t len,
			   struct buf *out, const char **why)
{
	regex_t start, end;
	int err = -EINVAL;

	*why = "not a POSIX extended regular expression; mend it";
	if (regcomp(&start, source->start, REG_EXTENDED | REG_NOSUB))
		return err;
	if (!source->end || !regcomp(&end, source->end, REG_EXTENDED | REG_NOSUB)) {
		*why = "no line of the file matches the pattern; mend the pattern";
		err = extract_lines(&start, source->end ? &end : NULL, text, len, out);
		if (source->end)
			regfree(&end);
	}
	regfree(&start);
	return err;
}

int source__extract(const struct source *source, const char *language, const char *text, size_t len,
		    struct buf *out, const char **why)
{
	if (source->start)
		return extract_pattern(source, text, len, out, why);
	if (source->section) {
		*why = "the file has no such section in this language; name one that it has";
		return extract_section(source, language, text, len, out);
	}
	buf__add(out, text, len);
	if (len && text[len - 1] != '\n')
		buf__add(out, "\n", 1);
	return 0;
}

void source__free(struct source *source)
{
	free(source->file);
	free(source->section);
	free(source->start);
	free(source->end);
	*source = (struct source){ 0 };
}
