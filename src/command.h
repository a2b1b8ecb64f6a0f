/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef COMMAND_H
#define COMMAND_H

#include "util.h"

/* Exit codes of every command. */
enum { EXIT_MATCH = 0, EXIT_MISMATCH = 1, EXIT_SETUP = 2 };

/* A subcommand registers itself in the linker section "commands", so that a new cmd_NAME.c is all
 * that a new command takes. `run` gets its own argv (argv[0] is the command's name) and returns an
 * exit code.
 */
struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

#define COMMAND(_name, _summary)                                                              \
	static int cmd_##_name(int argc, char **argv);                                        \
	static const struct command command_##_name                                           \
		__attribute__((used, section("commands"),                                     \
			       aligned(sizeof(void *)))) = { #_name, _summary, cmd_##_name }; \
	static int cmd_##_name(int argc, char **argv)

#endif
