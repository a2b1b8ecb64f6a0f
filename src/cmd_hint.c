// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "command.h"
#include "exercise.h"
#include "hints.h"

enum { PROSE_WIDTH = 80 };

static const struct argp_option options[] = {
	{ "exercise", 'e', NULL, OPTION_HIDDEN, "Hints are the exercise's", 0 },
	{ 0 },
};

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
		argp_error(state, "of which exercise? e.g. `./workbook hint 01`");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "UNIT",
	.doc = "Show the next hint for the exercise: the one that fits your last failure where one "
	       "does, "
	       "nearly the answer last.",
};

static void count_hint(struct progress *p, void *ctx)
{
	p->hints = *(unsigned *)ctx;
}

/* In lines that a terminal has room for, but none too long to read. */
static void print_hint(const struct hints *hints, size_t i)
{
	const struct hint *hint = &hints->items[i];
	unsigned width = terminal_width(PROSE_WIDTH);
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *title = xprintf("%s (%zu of %zu)", hint->summary, i + 1, hints->count);

	if (width > PROSE_WIDTH)
		width = PROSE_WIDTH;
	buf__printf(&text, "%s", colour(stdout, C_BOLD));
	text__reflow(&text, title, strlen(title), width);
	buf__printf(&text, "%s\n", colour(stdout, C_OFF));
	text__reflow(&text, hint->text, strlen(hint->text), width);
	fputs(text.data, stdout);
}

static int show_hint(const struct unit *u)
{
	cleanup_free char *path = xprintf("%s/README.md", u->exercise);
	cleanup_exercise struct exercise e = { 0 };
	cleanup_hints struct hints hints = { 0 };
	cleanup_buf struct buf readme = { 0 };
	unsigned shown;
	size_t i;
	int err = file__read(path, &readme);

	if (err) {
		errno = -err;
		err_sys("%s", path);
		return EXIT_SETUP;
	}
	if (exercise__load(&e, u))
		return EXIT_SETUP;
	hints__parse(&hints, readme.data);
	if (!hints.count) {
		err_msg("%s: it holds no hints", path);
		return EXIT_SETUP;
	}
	i = hints__choose(&hints, e.progress.hints, e.progress.cause);
	print_hint(&hints, i);
	shown = i + 1;
	return progress__update(u->name, count_hint, &shown) ? EXIT_SETUP : EXIT_MATCH;
}

COMMAND(hint, "show the next hint for an exercise", &argp)
{
	cleanup_unit struct unit unit = { 0 };
	const char *which = NULL;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &which);
	return unit__find(&unit, units_root(), which) ? EXIT_SETUP : show_hint(&unit);
}
