// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "emit.h"
#include "exercise.h"
#include "proc.h"

#define COPY_MS 60000

static const struct platform {
	const char *name;
	const char *arguments; /* the file of them that the templates read */
	const char *project;   /* the folder where they look for the project */
	bool packs;	       /* the project goes along: there is no checkout of it */
	const char *next;      /* what a person does with it */
} platforms[] = {
	{ "gradescope", "arguments", "workbook", true,
	  "zip what is in it, and upload that as the autograder" },
	{ "github", ".github/classroom/arguments", ".", false,
	  "copy what is in it into the repository that learners start from" },
};

/* What the program is built from and runs with; chapters/ is how it knows the project's root. */
static const char *const packed[] = {
	"Makefile",
	"LICENSE",
	"src",
	"libbpf/common",
	"tests/harness.c",
	"tests/harness.h",
	"chapters/grading.md",
};

static const struct platform *find_platform(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(platforms); i++)
		if (!strcmp(platforms[i].name, name))
			return &platforms[i];
	err_msg("--emit %s: no such platform; gradescope and github are there", name);
	return NULL;
}

/* Files and folders, by their paths within `root`, under the same paths in `dest`. */
static int copy(const char *root, const char *dest, const char *const paths[], size_t n)
{
	const char *const command[] = { "env", "-C", root, "cp", "-R", "--parents", "-t", dest };
	cleanup_free const char **argv = xcalloc(ARRAY_SIZE(command) + n + 1, sizeof(*argv));
	int status;

	memcpy(argv, command, sizeof(command));
	memcpy(argv + ARRAY_SIZE(command), paths, n * sizeof(*paths));
	status = proc__run(argv, NULL, NULL, COPY_MS);
	return status > 0 ? err_msg("%s: not all could be copied there", dest) : status;
}

/* Where a learner leaves a source out, the starter's is taken: that must not be an instructor's solution. */
static int check_starter(const struct unit *u)
{
	cleanup_exercise struct exercise e = { 0 };
	int err = exercise__load(&e, u);

	if (!err && e.edited)
		err = err_msg("%s: it is edited, and would be handed out as the starter; put that "
			      "back first: workbook reset %s; or, where it is one of yours and the "
			      "starter, name it so: workbook lint --fix",
			      u->exercise, u->number);
	return err;
}

static bool has(const struct unit *u, const char *file)
{
	cleanup_free char *path = xprintf("%s/%s", u->exercise, file);

	return !access(path, F_OK);
}

/* By name, so that nothing else that lies in the folder is handed out. */
static void add_exercise(struct strings *paths, const struct unit *u)
{
	static const char *const beside[] = { "README.md", "prototype.py", "starter.ids" };

	for (const char *const *ending = unit_sources; *ending; ending++)
		strings__add(paths, xprintf("exercises/%s/%s%s", u->name, u->topic, *ending));
	for (size_t i = 0; i < ARRAY_SIZE(beside); i++)
		if (has(u, beside[i]))
			strings__add(paths, xprintf("exercises/%s/%s", u->name, beside[i]));
	strings__add(paths, xprintf("tests/%s.c", u->name));
}

static int copy_exercises(const char *dest, const struct grade_options *o, struct buf *arguments)
{
	cleanup_strings struct strings paths = { 0 };
	int err = 0;

	for (size_t i = 0; i < o->units->count && !err; i++) {
		const struct unit *u = &o->units->items[i];

		if (o->chosen->count && !strings__has(o->chosen, u->name))
			continue;
		err = check_starter(u);
		add_exercise(&paths, u);
		buf__printf(arguments, "--exercise %s\n", u->name);
	}
	for (size_t i = 0; i < o->kernels->count; i++)
		buf__printf(arguments, "--kernel %s\n", o->kernels->items[i]);
	/* A checkout of the project has its own. */
	if (!err && dest)
		err = copy(units_root(), dest, (const char *const *)paths.items, paths.count);
	return err;
}

static int write_all(const struct platform *p, const char *dir, const struct grade_options *o)
{
	cleanup_free char *templates = xprintf("%s/src/emit/%s", project_root(), p->name);
	cleanup_free char *project = xprintf("%s/%s", dir, p->project);
	cleanup_free char *arguments = xprintf("%s/%s", dir, p->arguments);
	bool own = strcmp(units_root(), project_root());
	cleanup_buf struct buf text = { 0 };
	int err = file__mkdirs(project);

	if (!err)
		err = copy(templates, dir, (const char *const[]){ "." }, 1);
	if (!err && p->packs)
		err = copy(project_root(), project, packed, ARRAY_SIZE(packed));
	if (!err)
		err = copy_exercises(p->packs || own ? project : NULL, o, &text);
	return err ? err : file__write(arguments, text.data, text.len);
}

int emit__write(const char *platform, const char *given, const struct grade_options *o)
{
	const struct platform *p = find_platform(platform);
	cleanup_free char *dir = NULL;
	int err;

	if (!p)
		return -EINVAL;
	if (!given)
		given = p->name;
	if (mkdir(given, 0755) && errno == EEXIST)
		return err_msg("%s: is there already; remove it, or name another folder with -o",
			       given);
	dir = realpath(given, NULL);
	if (!dir)
		return err_sys("%s", given);
	err = write_all(p, dir, o);
	if (err)
		file__remove_tree(dir);
	else
		printf("%s: %s\n", given, p->next);
	return err;
}
