// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <locale.h>
#include <errno.h>
#include <string.h>

#include "command.h"

static void usage(FILE *f)
{
	fputs("Usage: workbook [--exercises DIR] COMMAND [OPTION...]\n"
	      "Learn to move BCC tools to libbpf and CO-RE, on real kernels.\n\n"
	      "Commands:\n",
	      f);
	for (const struct command *c = __start_commands; c < __stop_commands; c++)
		fprintf(f, "  %-10s %s\n", c->name, c->summary);
	fputs("\n`./workbook COMMAND --help` tells more. With --exercises, units are those of "
	      "another\n"
	      "folder, laid out like this one: exercises/NN-topic/, tests/NN-topic.c, "
	      "solutions/.\n",
	      f);
}

static const struct command *find_command(const char *name)
{
	for (const struct command *c = __start_commands; c < __stop_commands; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* A full disk or a closed pipe shows only when stdout is flushed. */
static int close_stdout(int status)
{
	if (fflush(stdout) && errno != EPIPE) {
		err_sys("standard output");
		return EXIT_SETUP;
	}
	return status;
}

/* make, which the commands run, learns of the folder by the environment. */
static int use_exercises(const char *dir)
{
	cleanup_free char *path = realpath(dir, NULL);
	cleanup_free char *tests = path ? xprintf("%s/tests", path) : NULL;

	if (!path)
		return err_sys("--exercises %s", dir);
	if (access(tests, F_OK))
		return err_msg("--exercises %s: it holds no tests/; lay it out like the project",
			       dir);
	return setenv("WORKBOOK_EXERCISES", path, 1);
}

int main(int argc, char **argv)
{
	const struct command *command;
	static char name[64];

	setlocale(LC_ALL, "");
	if (argc > 2 && !strcmp(argv[1], "--exercises")) {
		if (use_exercises(argv[2]))
			return EXIT_SETUP;
		argc -= 2;
		argv += 2;
	}
	if (argc < 2) {
		usage(stderr);
		return EXIT_SETUP;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return close_stdout(0);
	}
	command = find_command(argv[1]);
	if (!command) {
		err_msg("%s: no such command; see `workbook --help`", argv[1]);
		return EXIT_SETUP;
	}
	/* argp takes the name in its messages from there. */
	snprintf(name, sizeof(name), "workbook %s", command->name);
	argv[1] = name;
	return close_stdout(command->run(argc - 1, argv + 1));
}
