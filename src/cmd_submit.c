// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "exercise.h"

#define DEFAULT_FILE "submission.tar.gz"

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write this file (default: " DEFAULT_FILE ")", 0 },
	{ 0 },
};

struct args {
	const char *output;
	struct strings units;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'o':
		if (!text__ends(arg, strlen(arg), ".tar.gz"))
			argp_error(state, "the file is a .tar.gz, so call it like that, not '%s'",
				   arg);
		a->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		strings__add(&a->units, xstrdup(arg));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[UNIT...]",
	.doc = "Pack your exercises into an archive to hand in: those that you have edited, or the "
	       "ones named."
	       "\v"
	       "Example: workbook submit -o anna.tar.gz\n"
	       "`workbook grade FILE` tells what it is worth.",
};

/* Text and time are all that differs between two archives of the same exercises: no owner, no mode. */
static int add_source(struct archive *a, const struct unit *u, const char *ending)
{
	cleanup_free char *path = unit__source(u, u->exercise, ending);
	cleanup_free char *name = xprintf("exercises/%s/%s%s", u->name, u->topic, ending);
	struct archive_entry *e = archive_entry_new();
	cleanup_buf struct buf text = { 0 };
	int err = file__read(path, &text);

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, S_IFREG | 0644);
	archive_entry_set_size(e, text.len);
	if (err) {
		errno = -err;
		err = err_sys("%s", path);
	} else if (archive_write_header(a, e) ||
		   archive_write_data(a, text.data, text.len) != (ssize_t)text.len) {
		err = err_msg("%s: cannot be packed: %s", path, archive_error_string(a));
	}
	archive_entry_free(e);
	return err;
}

static ssize_t collect(struct archive *a, void *out, const void *data, size_t len)
{
	(void)a;
	buf__add(out, data, len);
	return len;
}

static int pack(const struct unit *const *chosen, size_t n, const char *output)
{
	struct archive *a = archive_write_new();
	cleanup_buf struct buf out = { 0 };
	int err = 0;

	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_gzip(a);
	archive_write_set_bytes_in_last_block(a, 1);
	if (archive_write_open(a, &out, NULL, collect, NULL))
		err = err_msg("%s: %s", output, archive_error_string(a));
	for (size_t i = 0; i < n && !err; i++)
		for (const char *const *ending = unit_sources; *ending && !err; ending++)
			err = add_source(a, chosen[i], *ending);
	if (archive_write_free(a) && !err)
		err = err_msg("%s: not packed whole", output);
	return err ? err : file__write(output, out.data, out.len);
}

/* Says what goes in and how far it is. Returns whether it is to be packed, or -errno. */
static int choose(const struct args *a, const struct unit *u)
{
	cleanup_exercise struct exercise e = { 0 };
	int err;

	if (access(u->exercise, F_OK))
		return 0;
	err = exercise__load(&e, u);
	if (err)
		return err;
	if (a->units.count ? !strings__has(&a->units, u->name) : !e.edited)
		return 0;
	printf("%-22s %s\n", u->name,
	       !e.edited		    ? "as it was: not edited"
	       : e.state == EXERCISE_PASSED ? "passes on all kernels"
	       : e.progress.passed.count    ? "does not pass on every kernel yet"
					    : "does not pass yet");
	return 1;
}

static int submit(struct args *a)
{
	const struct unit **chosen;
	cleanup_units struct units units = { 0 };
	size_t n = 0;
	int err = units__load(&units, units_root());

	if (!err)
		err = units__resolve(&a->units);
	chosen = xcalloc(units.count, sizeof(*chosen));
	for (size_t i = 0; i < units.count && !err; i++) {
		int take = choose(a, &units.items[i]);

		err = take < 0 ? take : 0;
		if (take > 0)
			chosen[n++] = &units.items[i];
	}
	if (!err && !n)
		err = err_msg("no exercise is edited yet: there is nothing to hand in");
	if (!err)
		err = pack(chosen, n, a->output);
	if (!err)
		printf("packed into %s\n", a->output);
	free(chosen);
	return err ? EXIT_SETUP : EXIT_MATCH;
}

COMMAND(submit, "pack your exercises to hand them in", &argp)
{
	struct args args = { .output = DEFAULT_FILE };
	int code;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	code = submit(&args);
	strings__free(&args.units);
	return code;
}
