// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "command.h"
#include "exercise.h"

struct args {
	const char *unit;
	bool spoil;
};

static const struct argp_option options[] = {
	{ "spoil", 's', NULL, 0, "Show it before you have passed", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 's':
		a->spoil = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->unit)
			argp_error(state, "one exercise at a time");
		a->unit = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "of which exercise? e.g. `./workbook solution 01`");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "UNIT",
	.doc = "Show our solution of an exercise that you have passed.",
};

static int show_file(const char *path)
{
	cleanup_buf struct buf text = { 0 };
	int err = file__read(path, &text);

	if (err) {
		errno = -err;
		return err_sys("%s", path);
	}
	printf("%s==> %s%s\n%s\n", colour(stdout, C_BOLD), path, colour(stdout, C_OFF), text.data);
	return 0;
}

COMMAND(solution, "show our solution of an exercise that you have passed", &argp)
{
	cleanup_exercise struct exercise e = { 0 };
	cleanup_unit struct unit unit = { 0 };
	struct args args = { 0 };

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (unit__find(&unit, units_root(), args.unit) || exercise__load(&e, &unit))
		return EXIT_SETUP;
	if (e.state != EXERCISE_PASSED && !args.spoil) {
		err_msg("%s: not passed yet; `./workbook hint %s` helps, --spoil shows it all the "
			"same",
			unit.name, unit.number);
		return EXIT_MISMATCH;
	}
	for (const char *const *ending = unit_sources; *ending; ending++) {
		cleanup_free char *path = unit__source(&unit, unit.solution, *ending);

		if (show_file(path))
			return EXIT_SETUP;
	}
	return EXIT_MATCH;
}
