// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "exercise.h"
#include "lint.h"

/* Paths of units begin with the root, "./"; complaints do not. */
static const char *rel(const char *path)
{
	return path + 2;
}

/* --- completeness --- */

static bool check_there(struct lint *l, const char *path)
{
	bool there = strings__has(&l->files, rel(path));

	if (!there)
		complain(l, rel(path), 1, "missing; write it, or remove the unit's other files");
	return there;
}

static bool check_sources_there(struct lint *l, const struct unit *u, const char *dir)
{
	bool there = true;

	for (const char *const *ending = unit_sources; *ending; ending++) {
		cleanup_free char *path = unit__source(u, dir, *ending);

		there &= check_there(l, path);
	}
	return there;
}

static void check_wrong(struct lint *l, const struct unit *u)
{
	cleanup_strings struct strings patches = { 0 };

	unit__wrong(u, &patches);
	if (patches.count < 2)
		complain(l, rel(u->wrong), 1,
			 "%zu wrong solutions; write two plausible ones or more, as NAME.patch",
			 patches.count);
}

static const struct unit *find_unit(const struct lint *l, const char *name, size_t len)
{
	for (size_t i = 0; i < l->units.count; i++)
		if (strlen(l->units.items[i].name) == len &&
		    !strncmp(l->units.items[i].name, name, len))
			return &l->units.items[i];
	return NULL;
}

static bool is_unit_source(const struct unit *u, const char *name)
{
	size_t len = strlen(u->topic);

	for (const char *const *ending = unit_sources; *ending; ending++)
		if (!strncmp(name, u->topic, len) && !strcmp(name + len, *ending))
			return true;
	return false;
}

/* Whether `rest`, "NN-topic/NAME" below the folder `dir`, is one of a unit's files. */
static bool is_expected(const struct lint *l, const char *dir, const char *rest)
{
	size_t len = strcspn(rest, "/");
	const char *name = rest + len + !!rest[len];
	const struct unit *u = find_unit(l, rest, len);

	if (!strcmp(dir, "bcc/"))
		return !rest[len] && text__ends(rest, len, ".py") && find_unit(l, rest, len - 3);
	if (!strcmp(dir, "tests/wrong/"))
		return u && !strchr(name, '/') && text__ends(name, strlen(name), ".patch");
	if (!strcmp(dir, "libbpf/") && !strncmp(rest, "common/", 7))
		return true;
	if (u && !strcmp(dir, "exercises/") &&
	    (!strcmp(name, "README.md") || !strcmp(name, "prototype.py") ||
	     !strcmp(name, "starter.ids")))
		return true;
	return u && is_unit_source(u, name);
}

void lint__unexpected(struct lint *l)
{
	static const char *const dirs[] = { "bcc/", "libbpf/", "exercises/", "solutions/",
					    "tests/wrong/" };

	for (size_t i = 0; i < l->files.count; i++) {
		const char *file = l->files.items[i];

		for (size_t d = 0; d < ARRAY_SIZE(dirs); d++)
			if (!strncmp(file, dirs[d], strlen(dirs[d])) &&
			    !is_expected(l, dirs[d], file + strlen(dirs[d])))
				complain(l, file, 1,
					 "no unit has such a file; rename or remove it");
	}
}

/* --- what a learner has made of an exercise --- */

/* A learner's work is only told; a change of the starter is what --fix accepts. */
void lint__edited(struct lint *l, const struct unit *u)
{
	cleanup_free char *path = xprintf("%s/starter.ids", u->exercise), *ids = NULL;
	cleanup_strings struct strings sources = { 0 };
	cleanup_buf struct buf shipped = { 0 };
	bool missing = file__read(path, &shipped);

	for (const char *const *ending = unit_sources; *ending; ending++) {
		cleanup_free char *source = unit__source(u, u->exercise, *ending);

		if (!strings__has(&l->files, rel(source)))
			return; /* lint__unit() complains about it */
		strings__add(&sources, xstrdup(rel(source)));
	}
	ids = exercise__ids(u);
	if (!ids || (!missing && !strcmp(shipped.data, ids)))
		return;
	if (l->fix) {
		l->fixed += !file__write(path, ids, strlen(ids));
		return;
	}
	if (missing) {
		complain(l, rel(path), 1, "missing; run `./workbook lint --fix`");
		return;
	}
	printf("edited: %s: not checked as a starter; `./workbook lint --fix` if it is one\n",
	       rel(u->exercise));
	for (size_t i = 0; i < sources.count; i++)
		strings__add(&l->edited, xstrdup(sources.items[i]));
}

/* --- headings --- */

/* A comment that was meant to be a heading: "// --- maps ---" or "/" "* -- Maps -- *" "/". */
static bool looks_like_heading(const char *line, size_t len)
{
	cleanup_free char *text = text__trim(line, len);
	size_t mark = strspn(text, "/*#");
	size_t dashes = strspn(text + mark, " -");

	return mark && dashes >= 2 && memmem(text + mark, dashes, "--", 2) &&
	       isalpha((unsigned char)text[mark + dashes]) && strstr(text + mark + dashes, "--");
}

static void check_near_misses(struct lint *l, const char *file, const struct buf *text)
{
	struct lines lines = lines_of(text->data, text->len);

	while (lines__next(&lines)) {
		cleanup_parts struct parts heading = { 0 };

		parts__add(&heading, file, lines.line, lines.len);
		if (!heading.count && looks_like_heading(lines.line, lines.len))
			complain(l, file, lines.number,
				 "not quite a section heading; write %s--- NAME ---%s",
				 text__ends(file, strlen(file), ".py") ? "# " : "/* ",
				 text__ends(file, strlen(file), ".py") ? "" : " */");
	}
}

static void check_headings(struct lint *l, const char *path)
{
	cleanup_parts struct parts parts = { 0 };
	cleanup_buf struct buf text = { 0 };
	const char *why;
	unsigned line;

	if (strings__has(&l->edited, rel(path)) || file__read(path, &text))
		return;
	check_near_misses(l, rel(path), &text);
	line = section__misplaced(rel(path), text.data, text.len, &why);
	if (line)
		complain(l, rel(path), line, "%s", why);
	parts__add(&parts, rel(path), text.data, text.len);
	for (size_t i = 0; i < parts.count; i++)
		if (!section__known(parts.items[i].name))
			complain(l, rel(path), parts.items[i].line,
				 "section %s: no such name; CONTRIBUTING.md lists those there are",
				 parts.items[i].name);
}

static void check_all_headings(struct lint *l, const struct unit *u)
{
	const char *const dirs[] = { u->libbpf, u->exercise, u->solution };
	cleanup_free char *prototype = xprintf("%s/prototype.py", u->exercise);

	check_headings(l, u->bcc);
	check_headings(l, prototype);
	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++) {
		for (const char *const *ending = unit_sources; *ending; ending++) {
			cleanup_free char *path = unit__source(u, dirs[d], *ending);

			check_headings(l, path);
		}
	}
}

/* --- the pair and the chapter's rows --- */

struct rows {
	struct row {
		struct compare compare;
		unsigned line;
		bool has_why;
	} items[64];
	size_t count;
};

static void read_rows(struct rows *rows, const struct unit *u)
{
	cleanup_fences struct fences fences = { 0 };
	cleanup_buf struct buf text = { 0 };
	const char *why;

	if (file__read(u->chapter, &text))
		return;
	fences__parse(&fences, text.data, text.len);
	for (size_t i = 0; i < fences.count && rows->count < ARRAY_SIZE(rows->items); i++) {
		const struct fence *fence = &fences.items[i];
		struct row *row = &rows->items[rows->count];

		if (!fence__is_compare(fence) ||
		    compare__parse(&row->compare, fence->argument, &why))
			continue; /* lint__page() complains about it */
		row->line = fence->line;
		row->has_why = *fence->why;
		rows->count++;
	}
}

static const struct row *find_row(const struct rows *rows, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(rows->items[i].compare.name, name))
			return &rows->items[i];
	return NULL;
}

/* What is wrong between a row and the sections that there are, or NULL. */
static const char *contradiction(enum only only, bool bcc, bool libbpf)
{
	if (!bcc && !libbpf)
		return "neither source has that section; remove the row";
	if (only == ONLY_BCC && libbpf)
		return "only=bcc, but libbpf has that section; remove only=";
	if (only == ONLY_LIBBPF && bcc)
		return "only=libbpf, but BCC has that section; remove only=";
	if (!only && !libbpf)
		return "libbpf has no such section; write it, or only=bcc with the reason";
	if (!only && !bcc)
		return "BCC has no such section; write it, or only=libbpf with the reason";
	return NULL;
}

static void check_rows(struct lint *l, const struct unit *u, const struct rows *rows,
		       const struct parts *bcc, const struct parts *libbpf)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];
		const char *name = row->compare.name, *what;

		what = contradiction(row->compare.only, parts__has(bcc, name),
				     parts__has(libbpf, name));
		if (!what && !row->has_why)
			what = "no reason; write a paragraph right behind the fence";
		if (!what && find_row(rows, i, name))
			what = "a second row of that name; keep one";
		if (what)
			complain(l, rel(u->chapter), row->line, "compare %s: %s", name, what);
	}
}

/* Each section must have a row; complains once a name. */
static void check_shown(struct lint *l, const struct unit *u, const struct rows *rows,
			const struct parts *parts, struct strings *seen)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];

		if (!section__known(part->name) || find_row(rows, rows->count, part->name) ||
		    strings__has(seen, part->name))
			continue;
		strings__add(seen, xstrdup(part->name));
		complain(l, part->file, part->line,
			 "section %s: the chapter does not show it; write ```compare %s into %s",
			 part->name, part->name, rel(u->chapter));
	}
}

static void check_pair(struct lint *l, const struct unit *u, const struct rows *rows)
{
	cleanup_parts struct parts bcc = { 0 }, libbpf = { 0 };
	cleanup_strings struct strings seen = { 0 };

	if (unit__add_file(&bcc, ".", u->bcc) || unit__add_sources(&libbpf, ".", u, u->libbpf))
		return;
	check_rows(l, u, rows, &bcc, &libbpf);
	check_shown(l, u, rows, &bcc, &seen);
	check_shown(l, u, rows, &libbpf, &seen);
}

/* --- the exercise --- */

static bool contains_todo(const char *path)
{
	cleanup_buf struct buf text = { 0 };

	return !file__read(path, &text) && memmem(text.data, text.len, "TODO", 4);
}

static void check_todo(struct lint *l, const struct unit *u)
{
	cleanup_free char *starter = unit__source(u, u->exercise, ".bpf.c");
	bool todo = false;

	for (const char *const *ending = unit_sources; *ending; ending++) {
		cleanup_free char *mine = unit__source(u, u->exercise, *ending);
		cleanup_free char *solved = unit__source(u, u->solution, *ending);

		todo |= contains_todo(mine);
		if (contains_todo(solved))
			complain(l, rel(solved), 1, "a solution with a TODO; solve it");
	}
	if (!todo)
		complain(l, rel(starter), 1, "a starter without a TODO; say what is to be done");
}

/* A starter has the solution's headings, so that both can be shown beside the prototype. */
static void check_starter(struct lint *l, const struct unit *u, const char *ending)
{
	cleanup_free char *starter = unit__source(u, u->exercise, ending);
	cleanup_free char *solution = unit__source(u, u->solution, ending);
	cleanup_parts struct parts mine = { 0 }, solved = { 0 };

	if (unit__add_file(&mine, ".", starter) || unit__add_file(&solved, ".", solution))
		return;
	for (size_t i = 0; i < solved.count; i++)
		if (!parts__has(&mine, solved.items[i].name))
			complain(l, rel(starter), 1,
				 "no section %s, which the solution has; add the heading",
				 solved.items[i].name);
	for (size_t i = 0; i < mine.count; i++)
		if (!parts__has(&solved, mine.items[i].name))
			complain(l, rel(starter), mine.items[i].line,
				 "section %s: the solution's file has none; remove the heading",
				 mine.items[i].name);
}

static void check_declared(struct lint *l, const char *readme, const struct strings *names,
			   const struct parts *has, const struct parts *has_not)
{
	for (size_t i = 0; i < names->count; i++)
		if (!parts__has(has, names->items[i]) || parts__has(has_not, names->items[i]))
			complain(l, readme, 1, "front matter: only: %s is not one-sided; remove it",
				 names->items[i]);
}

/* Complains about sections of `parts` that `others` lack and nobody has declared one-sided. */
static void check_paired(struct lint *l, const struct parts *parts, const struct parts *others,
			 const struct rows *rows, const struct strings *declared, enum only only)
{
	cleanup_strings struct strings seen = { 0 };

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];
		const struct row *row = find_row(rows, rows->count, part->name);

		if (parts__has(others, part->name) || strings__has(declared, part->name) ||
		    (row && row->compare.only == only) || strings__has(&seen, part->name))
			continue;
		strings__add(&seen, xstrdup(part->name));
		complain(l, part->file, part->line,
			 "section %s: the other side has none; write it, or `only: {%s: %s}` into "
			 "the README.md",
			 part->name, part->name, only == ONLY_BCC ? "bcc" : "libbpf");
	}
}

static void check_exercise(struct lint *l, const struct unit *u, const struct rows *rows)
{
	cleanup_free char *prototype = xprintf("%s/prototype.py", u->exercise);
	cleanup_free char *readme = xprintf("%s/README.md", u->exercise);
	cleanup_parts struct parts bcc = { 0 }, libbpf = { 0 };
	cleanup_front struct front front = { 0 };
	cleanup_free char *error = NULL;
	cleanup_buf struct buf text = { 0 };

	if (unit__add_file(&bcc, ".", prototype) ||
	    unit__add_sources(&libbpf, ".", u, u->solution) || file__read(readme, &text))
		return;
	front__parse(&front, rel(readme), text.data, text.len, &error);
	check_paired(l, &bcc, &libbpf, rows, &front.only_bcc, ONLY_BCC);
	check_paired(l, &libbpf, &bcc, rows, &front.only_libbpf, ONLY_LIBBPF);
	check_declared(l, rel(readme), &front.only_bcc, &bcc, &libbpf);
	check_declared(l, rel(readme), &front.only_libbpf, &libbpf, &bcc);
}

/* Counts lines outside fences that begin with `tag`. */
static unsigned count_lines(const struct buf *text, const struct fences *fences, const char *tag)
{
	struct lines l = lines_of(text->data, text->len);
	unsigned n = 0;

	while (lines__next(&l)) {
		cleanup_free char *line = text__trim(l.line, l.len);

		n += !fences__at(fences, l.number) && text__starts(line, strlen(line), tag);
	}
	return n;
}

static void check_readme(struct lint *l, const struct unit *u)
{
	cleanup_free char *path = xprintf("%s/README.md", u->exercise);
	cleanup_fences struct fences fences = { 0 };
	cleanup_buf struct buf text = { 0 };
	unsigned hints;

	if (!check_there(l, path) || file__read(path, &text))
		return;
	if (l->own) {
		lint__front(l, rel(path));
		return;
	}
	fences__parse(&fences, text.data, text.len);
	if (!count_lines(&text, &fences, "## Task"))
		complain(l, rel(path), 1, "no task; write it under a heading ## Task");
	hints = count_lines(&text, &fences, "<details>");
	if (hints != 3)
		complain(l, rel(path), 1, "%u hints; write three, each in <details>", hints);
	if (count_lines(&text, &fences, "</details>") != hints ||
	    count_lines(&text, &fences, "<summary>") != hints)
		complain(l, rel(path), 1,
			 "a hint without its end or summary; begin lines with <details>, "
			 "<summary> and </details>");
}

void lint__unit(struct lint *l, const struct unit *u)
{
	cleanup_free char *prototype = xprintf("%s/prototype.py", u->exercise);
	cleanup_free char *starter = unit__source(u, u->exercise, ".c");
	struct rows rows = { 0 };
	bool pair = !l->own && check_there(l, u->bcc) & check_sources_there(l, u, u->libbpf);
	bool exercise = check_there(l, prototype) & check_sources_there(l, u, u->exercise) &
			check_sources_there(l, u, u->solution);

	check_there(l, u->test);
	if (!l->own)
		check_wrong(l, u);
	check_all_headings(l, u);
	read_rows(&rows, u);
	if (!l->own && check_there(l, u->chapter) && pair)
		check_pair(l, u, &rows);
	if (!l->own && exercise)
		check_exercise(l, u, &rows);
	if (exercise && !strings__has(&l->edited, rel(starter))) {
		check_todo(l, u);
		for (const char *const *ending = unit_sources; *ending; ending++)
			check_starter(l, u, *ending);
	}
	check_readme(l, u);
}
