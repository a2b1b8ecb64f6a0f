// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "check.h"
#include "image.h"
#include "interrupt.h"
#include "options.h"
#include "run.h"

static const struct argp_option options[] = {
	{ "kernel", 'k', "K", 0, "Check on this kernel only, or on all; may be repeated", 0 },
	{ "seed", 's', "N", 0, "Repeat the check that printed this seed", 0 },
	{ "jobs", 'j', "N", 0, "Virtual machines at a time (default: one per CPU)", 0 },
	{ "json", 'J', NULL, 0, "Tell the result as JSON", 0 },
	{ 0 },
};

struct args {
	const char *unit;
	struct strings kernels;
	struct check_options check;
	bool have_seed;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'k':
		option__kernel(&a->kernels, arg);
		return 0;
	case 's':
		a->check.seed = option__number(state, "--seed", arg, 0, UINT64_MAX);
		a->have_seed = true;
		return 0;
	case 'j':
		a->check.jobs = option__jobs(state, arg);
		return 0;
	case 'J':
		a->check.json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->unit)
			argp_error(state, "one exercise at a time");
		a->unit = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[UNIT]",
	.doc = "Check your exercise against live BCC and the truth: first on the newest kernel, "
	       "then on the "
	       "others; it has passed when all agree. Without UNIT: the first one not yet passed."
	       "\v"
	       "Example: workbook check 01\n"
	       "Exit status: 0 passed, 1 not, 2 usage or set-up error.",
};

static int check(struct args *a)
{
	cleanup_units struct units units = { 0 };
	cleanup_unit struct unit named = { 0 };
	const struct unit *unit = &named;
	int err;

	if (a->unit) {
		err = unit__find(&named, units_root(), a->unit);
	} else {
		err = units__load(&units, units_root());
		if (!err)
			unit = exercise__next(&units, &err);
	}
	if (err)
		return EXIT_SETUP;
	if (!unit) {
		puts("All exercises have passed.");
		return EXIT_MATCH;
	}
	if (!a->have_seed)
		a->check.seed = run__new_seed();
	return check__exercise(unit, &a->check);
}

COMMAND(check, "check your exercise against live BCC and the truth", &argp)
{
	struct args args = { 0 };
	int code;

	args.check.kernels = &args.kernels;
	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	interrupt__install();
	code = check(&args);
	strings__free(&args.kernels);
	return code;
}
