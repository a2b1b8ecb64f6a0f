// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lint.h"

enum { MAX_WORDS = 1600 };

struct page {
	struct lint *lint;
	const char *file;
	struct buf text;
	struct fences fences;
	char **bodies;	/* of fences, as they must be; NULL where anything goes */
	unsigned front; /* last line of the front matter */
};

/* --- generated bodies --- */

static const struct unit *unit_of(const struct page *p)
{
	for (size_t i = 0; i < p->lint->units.count; i++)
		if (!strcmp(p->lint->units.items[i].chapter + 2, p->file))
			return &p->lint->units.items[i];
	return NULL;
}

static char *compare_body(const struct page *p, const struct fence *fence)
{
	const struct unit *u = unit_of(p);
	cleanup_parts struct parts bcc = { 0 }, libbpf = { 0 };
	struct buf body = { 0 };
	struct compare compare;
	const char *why;

	if (!u) {
		complain(p->lint, p->file, fence->line,
			 "compare outside a unit's chapter; name a source instead");
		return NULL;
	}
	if (compare__parse(&compare, fence->argument, &why)) {
		complain(p->lint, p->file, fence->line, "compare %s: %s", fence->argument, why);
		return NULL;
	}
	unit__add_file(&bcc, ".", u->bcc);
	unit__add_sources(&libbpf, ".", u, u->libbpf);
	compare__body(&body, &bcc, &libbpf, compare.name);
	return body.data;
}

static char *source_body(const struct page *p, const struct fence *fence)
{
	cleanup_source struct source source = { 0 };
	cleanup_buf struct buf text = { 0 };
	struct buf body = { 0 };
	const char *why;
	int err = source__parse(&source, fence->argument, &why);

	if (!err) {
		why = "no such file in the project; name one that there is";
		err = lint__has(p->lint, source.file) ? file__read(source.file, &text) : -ENOENT;
	}
	if (!err)
		err = source__extract(&source, fence->language, text.data, text.len, &body, &why);
	if (!err)
		return body.data;
	complain(p->lint, p->file, fence->line, "%s %s: %s", fence->language, fence->argument, why);
	buf__free(&body);
	return NULL;
}

static bool needs_source(const struct fence *fence)
{
	static const char *const languages[] = { "c", "python", "make", "diff" };

	for (size_t i = 0; i < ARRAY_SIZE(languages); i++)
		if (!strcmp(fence->language, languages[i]))
			return true;
	return false;
}

static bool is_commands(const struct fence *fence)
{
	return !strcmp(fence->language, "console") || !strcmp(fence->language, "sh");
}

/* Checks one fence; returns the body that it must have, or NULL when that is the author's. */
static char *check_fence(const struct page *p, const struct fence *fence)
{
	if (!fence->closed) {
		complain(p->lint, p->file, fence->line, "fence without an end; close it with ```");
		return NULL;
	}
	if (!*fence->language)
		complain(p->lint, p->file, fence->line,
			 "fence without a language; write ```text, ```console or a language");
	if (fence__is_compare(fence))
		return compare_body(p, fence);
	if (needs_source(fence) || (*fence->argument && strcmp(fence->language, "text")))
		return source_body(p, fence);
	if (is_commands(fence))
		lint__commands(p->lint, p->file, fence);
	return NULL;
}

static void write_anew(const struct page *p)
{
	cleanup_buf struct buf out = { 0 };

	fences__rewrite(&p->fences, p->text.data, p->text.len, p->bodies, &out);
	file__write(p->file, out.data, out.len);
}

static void check_fences(struct page *p)
{
	unsigned stale = 0;

	p->bodies = xcalloc(p->fences.count, sizeof(*p->bodies));
	for (size_t i = 0; i < p->fences.count; i++) {
		const struct fence *fence = &p->fences.items[i];

		p->bodies[i] = check_fence(p, fence);
		if (!p->bodies[i] || !strcmp(p->bodies[i], fence->body))
			continue;
		stale++;
		if (!p->lint->fix)
			complain(p->lint, p->file, fence->line,
				 "%s %s: not what the source says; run `./workbook lint --fix`",
				 fence->language, fence->argument);
	}
	if (!p->lint->fix || !stale)
		return;
	write_anew(p);
	p->lint->fixed += stale;
}

/* --- prose --- */

/* Resolves "." and ".." in place; false when the path leaves the project. */
static bool resolve(char *path)
{
	cleanup_strings struct strings kept = { 0 };
	char *rest = path, *name;
	struct buf out = { 0 };

	while ((name = strsep(&rest, "/"))) {
		if (!*name || !strcmp(name, "."))
			continue;
		if (strcmp(name, "..")) {
			strings__add(&kept, xstrdup(name));
			continue;
		}
		if (!kept.count)
			return false;
		free(kept.items[--kept.count]);
	}
	buf__add(&out, "", 0);
	for (size_t i = 0; i < kept.count; i++)
		buf__printf(&out, "%s%s", i ? "/" : "", kept.items[i]);
	strcpy(path, out.data); /* never longer than it was */
	buf__free(&out);
	return true;
}

static void check_link(const struct page *p, unsigned line, const char *target, size_t len)
{
	const char *slash = strrchr(p->file, '/');
	int dir = slash ? slash - p->file + 1 : 0;
	cleanup_free char *link = text__copy(target, len), *path = NULL;

	link[strcspn(link, "#?")] = '\0';
	if (!*link || *link == '<' || link[strspn(link, "abcdefghijklmnopqrstuvwxyz")] == ':')
		return;
	path = *link == '/' ? xstrdup(link) : xprintf("%.*s%s", dir, p->file, link);
	if (!resolve(path) || !lint__has(p->lint, path))
		complain(p->lint, p->file, line, "link to %s: no such file; mend the link", link);
}

/* Blanks out `code` in a line: it holds neither links nor anything else to check. */
static void hide_code(char *line)
{
	bool code = false;

	for (; *line; line++) {
		if (*line == '`')
			code = !code;
		else if (code)
			*line = 'x';
	}
}

/* Links are "[text](target)" and "[name]: target". */
static void check_links(const struct page *p, unsigned number, const char *raw, size_t len)
{
	cleanup_free char *line = text__copy(raw, len);
	const char *at = line;
	const char *name_end;

	hide_code(line);
	while ((at = strstr(at, "]("))) {
		at += 2;
		check_link(p, number, at, strcspn(at, ") \t"));
	}
	/* "[^1]: text" is a footnote. */
	name_end = *line == '[' && line[1] != '^' ? strchr(line, ']') : NULL;
	if (name_end && !strncmp(name_end, "]: ", 3))
		check_link(p, number, name_end + 3, strcspn(name_end + 3, " \t"));
}

static unsigned count_words(const char *line, size_t len)
{
	cleanup_free char *copy = text__copy(line, len);
	cleanup_strings struct strings words = { 0 };
	unsigned n = 0;

	strings__split(&words, copy);
	for (size_t i = 0; i < words.count; i++) {
		const char *c = words.items[i];

		while (*c && !isalnum((unsigned char)*c))
			c++;
		n += !!*c;
	}
	return n;
}

static void check_prose(const struct page *p)
{
	struct lines l = lines_of(p->text.data, p->text.len);
	unsigned words = 0;

	while (lines__next(&l)) {
		if (l.number <= p->front || fences__at(&p->fences, l.number))
			continue;
		words += count_words(l.line, l.len);
		check_links(p, l.number, l.line, l.len);
	}
	if (!strncmp(p->file, "chapters/", 9) && words > MAX_WORDS)
		complain(p->lint, p->file, l.number, "%u words; cut it to %d", words, MAX_WORDS);
}

/* The chapters are one course: each ends with the way to the next, called by its heading. */
static void check_next(const struct page *p)
{
	const struct unit *unit = unit_of(p), *next = unit ? unit + 1 : NULL;
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *line = NULL;
	const char *title;

	if (!next || next == p->lint->units.items + p->lint->units.count ||
	    file__read(next->chapter, &text))
		return;
	title = strstr(text.data, "\n# ");
	if (!title)
		return;
	title += strlen("\n# ");
	line = xprintf("\nNext: [%.*s](%s.md).\n", (int)strcspn(title, "\n"), title, next->name);
	if (!strstr(p->text.data, line))
		complain(p->lint, p->file, 1, "ends without \"%.*s\"", (int)strlen(line) - 2,
			 line + 1);
}

/* A chapter and an exercise must have front matter; another page may. */
static void check_front(struct page *p)
{
	cleanup_front struct front front = { 0 };
	cleanup_free char *error = NULL;
	const char *text = p->text.data;
	int err = front__parse(&front, p->file, text, p->text.len, &error);
	bool exercise = !strncmp(p->file, "exercises/", 10);

	p->front = front.last;
	if (err == -EINVAL || (err && (exercise || unit_of(p)))) {
		const char *line = error + strlen(p->file) + 1, *what = strchr(line, ' ') + 1;

		complain(p->lint, p->file, atoi(line), "%s", what);
	}
	if (err)
		return;
	if (exercise && !front.has_points)
		complain(p->lint, p->file, front.last,
			 "front matter: no points; write points: {builds: 1, matches: 5}");
	if (exercise && !front.programs.count)
		complain(p->lint, p->file, front.last,
			 "front matter: no programs; write the sections that a solution may have, "
			 "like programs: k*/*open*");
	if (!exercise && front.has_points)
		complain(p->lint, p->file, front.last,
			 "front matter: points are an exercise's; write them into its README.md");
}

void lint__front(struct lint *lint, const char *file)
{
	struct page p = { .lint = lint, .file = file };

	if (!file__read(file, &p.text))
		check_front(&p);
	buf__free(&p.text);
}

void lint__page(struct lint *lint, const char *file)
{
	struct page p = { .lint = lint, .file = file };

	if (!file__read(file, &p.text)) {
		fences__parse(&p.fences, p.text.data, p.text.len);
		check_front(&p);
		check_fences(&p);
		check_prose(&p);
		check_next(&p);
	}
	for (size_t i = 0; i < p.fences.count && p.bodies; i++)
		free(p.bodies[i]);
	free(p.bodies);
	fences__free(&p.fences);
	buf__free(&p.text);
}
