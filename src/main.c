// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

enum { HELP_WIDTH = 80 };

static void usage(FILE *f)
{
	static const char use[] = "Usage: workbook [--exercises=DIR] COMMAND [OPTION...]";
	static const char about[] = "Learn to move BCC tools to libbpf and CO-RE, on real kernels.";
	static const char more[] = "`./workbook COMMAND --help` tells more.";
	unsigned terminal = terminal_width(HELP_WIDTH);
	unsigned width = terminal < HELP_WIDTH ? terminal : HELP_WIDTH;
	cleanup_buf struct buf text = { 0 };

	buf__wrap(&text, use, strlen(use), width, 2);
	buf__wrap(&text, about, strlen(about), width, 0);
	buf__printf(&text, "\nCommands:\n");
	for (const struct command *c = __start_commands; c < __stop_commands; c++) {
		cleanup_free char *line = xprintf("  %-10s %s", c->name, c->summary);

		buf__wrap(&text, line, strlen(line), width, strlen("completion "));
	}
	buf__printf(&text, "\nOptions:\n");
	for (const struct argp_option *o = global_options; o->name; o++) {
		cleanup_free char *line = xprintf("  --%s=%s  %s", o->name, o->arg, o->doc);

		buf__wrap(&text, line, strlen(line), width, 2);
	}
	buf__printf(&text, "\n");
	buf__wrap(&text, more, strlen(more), width, 0);
	fputs(text.data, f);
}

/* argp breaks its lines at 79 columns, unless it is told. */
static void fit_help(void)
{
	unsigned width = terminal_width(HELP_WIDTH);
	cleanup_free char *format = xprintf("rmargin=%u,opt-doc-col=%u", width - 1, width / 3);

	if (width < HELP_WIDTH)
		setenv("ARGP_HELP_FMT", format, 0);
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

/* make, which the commands run, learns of the folder by the environment. `from` is what named it. */
static int use_exercises(const char *from, const char *dir)
{
	cleanup_free char *path = realpath(dir, NULL);
	cleanup_free char *tests = path ? xprintf("%s/tests", path) : NULL;
	char bad;

	if (!path)
		return err_sys("%s: '%s'", from, dir);
	if (access(tests, F_OK))
		return err_msg("%s: '%s' holds no tests/; lay it out like the project", from, dir);
	bad = path[strcspn(path, " \t\n:%$&;|<>()'\"`*?[\\")]; /* in VPATH, or to a shell */
	if (bad)
		return err_msg("%s: make takes no path with '%c' in it; move or rename the folder "
			       "'%s'",
			       from, bad, path);
	return setenv("WORKBOOK_EXERCISES", path, 1);
}

/* The DIR of --exercises DIR or --exercises=DIR, which it takes from the arguments, or NULL. */
static const char *take_exercises(int *argc, char ***argv)
{
	static const char option[] = "--exercises";
	size_t len = strlen(option);
	char **args = *argv;
	int taken;

	if (*argc < 2 || strncmp(args[1], option, len))
		return NULL;
	taken = args[1][len] == '=' ? 1 : 2;
	if (taken == 2 && (args[1][len] || *argc == 2))
		return NULL;
	*argc -= taken;
	*argv += taken;
	return taken == 1 ? args[1] + len + 1 : args[2];
}

/* What is closed would be the next file that is opened, here and in what this starts. Writes still fail. */
static void hold_standard_files(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO)
		;
	close_fd(&fd);
}

int main(int argc, char **argv)
{
	const struct command *command;
	static char name[64];
	const char *dir, *set = getenv("WORKBOOK_EXERCISES");

	hold_standard_files();
	setlocale(LC_ALL, "");
	dir = take_exercises(&argc, &argv);
	if (argc < 2) {
		usage(stderr);
		return EXIT_SETUP;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return close_stdout(0);
	}
	if (dir ? use_exercises("--exercises", dir)
		: set && *set && use_exercises("WORKBOOK_EXERCISES", set))
		return EXIT_SETUP;
	command = find_command(argv[1]);
	if (!command) {
		err_msg("%s: no such command; see `workbook --help`", argv[1]);
		return EXIT_SETUP;
	}
	fit_help();
	/* argp takes the name in its messages from there. */
	snprintf(name, sizeof(name), "workbook %s", command->name);
	argv[1] = name;
	return close_stdout(command->run(argc - 1, argv + 1));
}
