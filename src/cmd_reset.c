// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "exercise.h"
#include "proc.h"

#define GIT_MS 10000

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **unit = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*unit)
			argp_error(state, "one exercise at a time");
		*unit = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which exercise? e.g. `workbook reset 01`");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "UNIT",
	.doc = "Put the starter back. Your files are kept beside it, under a name that is printed.",
};

static bool is_shallow(void)
{
	const char *const argv[] = {
		"git", "-C", units_root(), "rev-parse", "--is-shallow-repository", NULL
	};
	cleanup_buf struct buf out = { 0 }, err = { 0 };

	return !proc__run(argv, &out, &err, GIT_MS) && !strcmp(out.data, "true\n");
}

/* The starter's text from git, which has it whatever was committed since. */
static int read_starter(const char *id, const char *name, struct buf *text)
{
	const char *const argv[] = { "git", "-C", units_root(), "cat-file", "blob", id, NULL };
	cleanup_buf struct buf err = { 0 };
	cleanup_free char *why = NULL;

	if (!proc__run(argv, text, &err, GIT_MS))
		return 0;
	if (is_shallow())
		return err_msg(
			"%s: this shallow clone does not have the starter's text; `git fetch "
			"--unshallow` brings it",
			name);
	why = text__trim(err.data, err.len);
	return err_msg("%s: git does not have the starter's text; take the file from %s: %s", name,
		       strcmp(units_root(), project_root()) ? "where you have the exercise from"
							    : "a new clone of the project",
		       *why ? why : "git failed");
}

/* Keeps what is there as PATH.DATE, unless it is the starter, and writes the starter. */
static int restore(const char *path, const struct buf *starter, const char *date)
{
	cleanup_free char *backup = xprintf("%s.%s", path, date);
	cleanup_buf struct buf mine = { 0 };
	int err = file__read(path, &mine);

	if (!err && mine.len == starter->len && !memcmp(mine.data, starter->data, mine.len))
		return 0;
	if (!err) {
		err = file__write(backup, mine.data, mine.len);
		if (err)
			return err;
		printf("your %s is now %s\n", path, backup);
	}
	return file__write(path, starter->data, starter->len);
}

static int reset(const struct unit *u)
{
	cleanup_free char *list = xprintf("%s/starter.ids", u->exercise);
	cleanup_file FILE *f = fopen(list, "re");
	char id[64], name[256], date[32];
	time_t now = time(NULL);

	if (!f)
		return err_sys("%s", list);
	strftime(date, sizeof(date), "%Y%m%d-%H%M%S", localtime(&now));
	while (fscanf(f, "%63s %255s", id, name) == 2) {
		cleanup_free char *path = xprintf("%s/%s", u->exercise, name);
		cleanup_buf struct buf starter = { 0 };
		int err;

		buf__add(&starter, "", 0);
		err = read_starter(id, name, &starter);
		if (!err)
			err = restore(path, &starter, date);
		if (err)
			return err;
	}
	printf("%s: the starter is back\n", u->name);
	return 0;
}

COMMAND(reset, "put an exercise's starter back, keeping your files", &argp)
{
	cleanup_unit struct unit unit = { 0 };
	const char *which = NULL;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &which);
	return unit__find(&unit, units_root(), which) || reset(&unit) ? EXIT_SETUP : EXIT_MATCH;
}
