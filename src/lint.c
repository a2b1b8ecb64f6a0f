// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "lint.h"
#include "proc.h"

enum { PATIENCE_MS = 60000 };

void complain(struct lint *l, const char *file, unsigned line, const char *fmt, ...)
{
	struct complaint *c;
	struct buf text = { 0 };
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	buf__add(&text, s, strlen(s));
	free(s);
	l->items = xrealloc(l->items, l->count + 1, sizeof(*l->items));
	c = &l->items[l->count++];
	*c = (struct complaint){ .file = xstrdup(file), .line = line, .text = text.data };
}

/* --- the project's files --- */

/* nftw() takes no argument to hand on. */
static struct strings *walked;

static int walk_one(const char *path, const struct stat *st __maybe_unused, int type,
		    struct FTW *ftw)
{
	const char *name = path + ftw->base;
	bool hidden = *name == '.' && ftw->level && strcmp(name, ".ci");

	if (type == FTW_D && (hidden || !strcmp(path, "./build") || !strcmp(name, "__pycache__")))
		return FTW_SKIP_SUBTREE;
	if (type == FTW_F && strcmp(path, "./workbook"))
		strings__add(walked, xstrdup(path + 2));
	return FTW_CONTINUE;
}

static void add_listed(struct strings *files, const struct buf *listing)
{
	for (const char *p = listing->data; p && p < listing->data + listing->len;
	     p += strlen(p) + 1) {
		struct stat st;

		/* The index still has what was removed just now. */
		if (!lstat(p, &st) && S_ISREG(st.st_mode))
			strings__add(files, xstrdup(p));
	}
}

static int list_files(struct strings *files)
{
	static const char *const argv[] = { "git",	"ls-files",	      "-z", "--cached",
					    "--others", "--exclude-standard", NULL };
	cleanup_buf struct buf listing = { 0 }, err = { 0 };

	if (!access(".git", F_OK) && !proc__run(argv, &listing, &err, PATIENCE_MS))
		add_listed(files, &listing);
	walked = files;
	if (!files->count && nftw(".", walk_one, 16, FTW_PHYS | FTW_ACTIONRETVAL) < 0)
		return err_sys("walk the project's files");
	strings__sort(files);
	return 0;
}

bool lint__has(const struct lint *l, const char *path)
{
	size_t len = strlen(path);

	if (!len)
		return true;
	for (size_t i = 0; i < l->files.count; i++) {
		const char *file = l->files.items[i];

		if (!strncmp(file, path, len) && (!file[len] || file[len] == '/'))
			return true;
	}
	return false;
}

/* --- rules for every source --- */

static bool is_source(const char *file, const struct buf *text)
{
	static const char *const endings[] = { ".c", ".h", ".py", ".sh", ".mk", "Makefile" };

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (text__ends(file, strlen(file), endings[i]))
			return true;
	return text__starts(text->data, text->len, "#!");
}

static void check_license(struct lint *l, const char *file, const struct buf *text)
{
	struct lines lines = lines_of(text->data, text->len);

	if (!is_source(file, text) || strings__has(&l->edited, file))
		return;
	lines__next(&lines);
	if (text__starts(text->data, text->len, "#!"))
		lines__next(&lines);
	if (!lines.line || !memmem(lines.line, lines.len, "SPDX-License-Identifier: ", 25))
		complain(l, file, lines.number ? lines.number : 1,
			 "no SPDX line; write SPDX-License-Identifier: GPL-2.0-only OR "
			 "BSD-2-Clause");
}

/* Prints FILE:LINE:MESSAGE for each file that a guest's oldest Python, 3.9, would not read. */
static const char python_check[] = "import ast, sys, warnings\n"
				   "warnings.simplefilter('error', SyntaxWarning)\n"
				   "warnings.simplefilter('error', DeprecationWarning)\n"
				   "for f in sys.argv[1:]:\n"
				   "    try:\n"
				   "        with open(f, encoding='utf-8') as file:\n"
				   "            text = file.read()\n"
				   "        compile(text, f, 'exec')\n"
				   "        ast.parse(text, f, feature_version=(3, 9))\n"
				   "    except SyntaxError as e:\n"
				   "        print('%s:%d:%s' % (f, e.lineno or 1, e.msg))\n"
				   "    except (ValueError, Warning) as e:\n"
				   "        print('%s:1:%s' % (f, e))\n";

static void add_python(struct lint *l, const struct buf *out)
{
	struct lines lines = lines_of(out->data, out->len);

	while (lines__next(&lines)) {
		cleanup_free char *line = text__copy(lines.line, lines.len);
		char *number = strchr(line, ':'), *text = number ? strchr(number + 1, ':') : NULL;

		if (!text)
			continue;
		*number++ = '\0';
		*text++ = '\0';
		complain(l, line, atoi(number), "not Python 3.9: %s; mend it", text);
	}
}

static void check_python(struct lint *l)
{
	const char **argv = xcalloc(l->files.count + 4, sizeof(*argv));
	cleanup_buf struct buf out = { 0 };
	size_t argc = 0;

	argv[argc++] = "python3";
	argv[argc++] = "-c";
	argv[argc++] = python_check;
	for (size_t i = 0; i < l->files.count; i++)
		if (text__ends(l->files.items[i], strlen(l->files.items[i]), ".py"))
			argv[argc++] = l->files.items[i];
	if (argc > 3 && proc__run(argv, &out, NULL, PATIENCE_MS))
		complain(l, argv[3], 1, "python3 could not check it; install python3");
	add_python(l, &out);
	free(argv);
}

/* --- what console blocks may call --- */

/* Adds the targets of "TARGET...: PREREQUISITE..."; what .PHONY lists is a target as well. */
static void add_rule(struct strings *targets, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t left = colon ? (size_t)(colon - line) : 0;
	bool phony = text__starts(line, left, ".PHONY");
	cleanup_free char *names = NULL;

	if (!left || *line == '\t' || *line == '#' || memchr(line, '=', left) ||
	    (left + 1 < len && (colon[1] == '=' || colon[1] == ':')))
		return;
	names = phony ? text__trim(colon + 1, len - left - 1) : text__trim(line, left);
	names[strcspn(names, "#;")] = '\0';
	strings__split(targets, names);
}

static void read_targets(struct lint *l)
{
	cleanup_buf struct buf text = { 0 };
	struct lines lines;

	if (file__read("Makefile", &text))
		return;
	lines = lines_of(text.data, text.len);
	while (lines__next(&lines))
		add_rule(&l->targets, lines.line, lines.len);
	for (size_t i = 0; i < l->units.count; i++)
		strings__add(&l->targets, xstrdup(l->units.items[i].number));
}

/* --- all together --- */

static void check_numbers(struct lint *l)
{
	for (size_t i = 1; i < l->units.count; i++) {
		const struct unit *a = &l->units.items[i - 1], *b = &l->units.items[i];

		if (!strcmp(a->number, b->number))
			complain(l, b->chapter + 2, 1, "unit %s is %s already; renumber one",
				 b->number, a->name);
	}
}

static void check_file(struct lint *l, const char *file)
{
	cleanup_buf struct buf text = { 0 };

	if (file__read(file, &text))
		return;
	check_license(l, file, &text);
	if (text__ends(file, strlen(file), ".md"))
		lint__page(l, file);
}

static int by_place(const void *a, const void *b)
{
	const struct complaint *x = a, *y = b;
	int files = strcmp(x->file, y->file);

	if (files)
		return files;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void check_project(struct lint *l)
{
	read_targets(l);
	for (size_t i = 0; i < l->files.count; i++)
		check_file(l, l->files.items[i]);
	check_numbers(l);
	lint__tables(l, "chapters/00-start-here.md");
	lint__unexpected(l);
}

int lint__run(struct lint *l)
{
	int err = list_files(&l->files);

	if (!err)
		err = units__load(&l->units, ".");
	if (err)
		return err;
	for (size_t i = 0; i < l->units.count; i++)
		lint__edited(l, &l->units.items[i]);
	check_python(l);
	if (!l->own)
		check_project(l);
	for (size_t i = 0; i < l->units.count; i++)
		lint__unit(l, &l->units.items[i]);
	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), by_place);
	return 0;
}

void lint__print(const struct lint *l, FILE *f)
{
	for (size_t i = 0; i < l->count; i++)
		fprintf(f, "%s:%u: %s\n", l->items[i].file, l->items[i].line, l->items[i].text);
	if (l->fixed)
		fprintf(f, "lint: %u blocks written anew\n", l->fixed);
	fprintf(f, "lint: %zu files, %zu complaints\n", l->files.count, l->count);
}

void lint__free(struct lint *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].file);
		free(l->items[i].text);
	}
	free(l->items);
	strings__free(&l->files);
	strings__free(&l->edited);
	strings__free(&l->targets);
	units__free(&l->units);
	*l = (struct lint){ 0 };
}
