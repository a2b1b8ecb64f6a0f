// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "options.h"

static const struct argp argp = {
	.doc = "Print the man page."
	       "\v"
	       "Example: ./workbook man | man -l -",
};

COMMAND(man, "print the man page", &argp)
{
	cleanup_buf struct buf out = { 0 };

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	options__man(&out);
	fputs(out.data, stdout);
	return EXIT_MATCH;
}
