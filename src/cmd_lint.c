// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <argp.h>
#include <signal.h>

#include "command.h"
#include "lint.h"

static const struct argp_option opts[] = {
	{ "fix", 'f', NULL, 0, "Write the code blocks of chapters anew from the sources", 0 },
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
	       "code blocks up to date and prints what is left to mend.",
};

COMMAND(lint, "check units, sections and chapters", &argp)
{
	__attribute__((cleanup(lint__free))) struct lint lint = { 0 };

	argv[0] = "workbook lint";
	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &lint);
	if (chdir(project_root())) {
		err_sys("%s", project_root());
		return EXIT_SETUP;
	}
	if (lint__run(&lint))
		return EXIT_SETUP;
	signal(SIGPIPE, SIG_IGN); /* who closes the pipe has seen enough */
	lint__print(&lint, stdout);
	return lint.count ? EXIT_MISMATCH : EXIT_MATCH;
}
