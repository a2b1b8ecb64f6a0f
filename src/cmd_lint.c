// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <argp.h>
#include <signal.h>
#include <string.h>

#include "command.h"
#include "lint.h"

static const struct argp_option opts[] = {
	{ "fix", 'f', NULL, 0,
	  "Write the code blocks of chapters anew from the sources, and take exercises as they are "
	  "for their starters",
	  0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg __maybe_unused, struct argp_state *state)
{
	struct lint *lint = state->input;

	switch (key) {
	case 'f':
		lint->fix = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "takes no file; it checks the whole project");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.doc = "Check that units are complete, sections pair up and chapters tell the truth.\v"
	       "Example: `./workbook lint --fix` after a source has changed brings the chapters' "
	       "code blocks up to date and prints what is left to mend. With --exercises DIR, only "
	       "the exercises there are checked.",
};

COMMAND(lint, "check units, sections and chapters", &argp)
{
	__attribute__((cleanup(lint__free))) struct lint lint = { 0 };

	argv[0] = "workbook lint";
	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &lint);
	lint.own = strcmp(units_root(), project_root());
	if (chdir(units_root())) {
		err_sys("%s", units_root());
		return EXIT_SETUP;
	}
	if (lint__run(&lint))
		return EXIT_SETUP;
	signal(SIGPIPE, SIG_IGN); /* who closes the pipe has seen enough */
	lint__print(&lint, stdout);
	return lint.count ? EXIT_MISMATCH : EXIT_MATCH;
}
