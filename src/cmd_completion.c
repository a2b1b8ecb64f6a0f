// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "options.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct buf *out = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (out->len || options__completion(arg, out))
			argp_error(state, "bash or zsh, not '%s'", arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "for bash or zsh?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "SHELL",
	.doc = "Print the completion script for bash or zsh."
	       "\v"
	       "Example: source <(./workbook completion bash)",
};

COMMAND(completion, "print the completion script for bash or zsh", &argp)
{
	cleanup_buf struct buf out = { 0 };

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &out);
	fputs(out.data, stdout);
	return EXIT_MATCH;
}
