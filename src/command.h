/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>
#include "util.h"

/* Exit codes of every command. */
enum { EXIT_MATCH = 0, EXIT_MISMATCH = 1, EXIT_SETUP = 2 };

/* A subcommand registers itself in the linker section "commands", so that a new cmd_NAME.c is all
 * that a new command takes. `run` gets its own argv (argv[0] is "workbook NAME") and returns an exit
 * code. `argp` is its option table: --help, the man page and the shells' completions come from it.
 */
struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
	const struct argp *argp;
};

/* Weak: absent in a test that links no command. */
extern const struct command __start_commands[] __attribute__((weak));
extern const struct command __stop_commands[] __attribute__((weak));

/* COMMAND(run, "what it does", &argp) { ... return exit code; } */
#define COMMAND(_name, _summary, ...)                                                          \
	static int cmd_##_name(int argc, char **argv);                                         \
	static const struct command command_##_name                                            \
		__attribute__((used, section("commands"), aligned(sizeof(void *)))) = {        \
			.name = #_name, .summary = _summary, .run = cmd_##_name, ##__VA_ARGS__ \
		};                                                                             \
	static int cmd_##_name(int argc, char **argv)

#endif
