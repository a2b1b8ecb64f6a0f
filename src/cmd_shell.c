// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "build.h"
#include "image.h"
#include "interrupt.h"
#include "options.h"
#include "snapshot.h"
#include "unit.h"

static const struct argp_option options[] = {
	{ "kernel", 'k', "K", 0, "The kernel to run (default 6.12)", 0 },
	{ 0 },
};

struct args {
	const char *unit;
	struct strings kernels;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'k':
		option__kernel(&a->kernels, arg);
		if (a->kernels.count > 1)
			argp_error(state, "one kernel at a time");
		return 0;
	case ARGP_KEY_ARG:
		if (a->unit)
			argp_error(state, "one unit at a time");
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
	.doc = "Open a root shell in a guest that runs the kernel, with BCC, bpftool and, in "
	       "/workbook, all units' programs as far as they are built, or UNIT's, which are "
	       "built "
	       "first: NN-topic.py and NN-topic, the same with .exercise and .solution, and "
	       "the events' NN-topic.stimulus. What you change there is gone when you leave."
	       "\v"
	       "Example: workbook shell --kernel 5.10 01",
};

/* A machine, and how many programs are not in it as they are not built. */
struct guest {
	struct vm *vm;
	size_t left_out;
};

/* A file of the tree goes to /workbook, if it is there. Takes both strings. */
static int put(struct guest *g, char *name, char *path)
{
	cleanup_free char *to = xprintf("/workbook/%s", name);
	int err = access(path, R_OK) ? 0 : vm__put_file(g->vm, to, 0755, path);

	free(name);
	free(path);
	return err;
}

/* The same for what make makes of `source`. */
static int put_built(struct guest *g, const char *source, char *name, char *path)
{
	if (!access(source, F_OK) && access(path, R_OK))
		g->left_out++;
	return put(g, name, path);
}

static int put_unit(struct guest *g, const struct unit *u)
{
	const struct {
		const char *folder, *source, *suffix;
	} programs[] = {
		{ "libbpf", u->libbpf, "" },
		{ "exercises", u->exercise, ".exercise" },
		{ "solutions", u->solution, ".solution" },
	};
	const char *root = project_root();
	int err = put(g, xprintf("%s.py", u->name), xstrdup(u->bcc));

	if (!err)
		err = put(g, xprintf("%s.exercise.py", u->name),
			  xprintf("%s/prototype.py", u->exercise));
	for (size_t i = 0; i < ARRAY_SIZE(programs) && !err; i++)
		err = put_built(
			g, programs[i].source, xprintf("%s%s", u->name, programs[i].suffix),
			xprintf("%s/build/%s/%s/%s", root, programs[i].folder, u->name, u->topic));
	if (!err)
		err = put_built(g, u->test, xprintf("%s.stimulus", u->name),
				xprintf("%s/build/tests/%s", root, u->name));
	return err;
}

/* The programs that make has built, of one unit, which is built first, or of all. */
static int put_programs(struct guest *g, const struct unit *unit)
{
	cleanup_strings struct strings targets = { 0 };
	cleanup_units struct units units = { 0 };
	int err;

	if (unit->name) {
		/* An exercise that does not build yet is no reason to stay out. */
		strings__add(&targets, xstrdup(unit->number));
		err = build__targets(&targets, NULL);
		return err < 0 ? err : put_unit(g, unit);
	}
	err = units__load(&units, units_root());
	for (size_t i = 0; i < units.count && !err; i++)
		err = put_unit(g, &units.items[i]);
	return err;
}

static int open_shell(const struct args *a)
{
	cleanup_unit struct unit unit = { 0 };
	struct snapshot *base = NULL;
	struct image *image = NULL;
	struct guest guest = { 0 };
	int err = a->unit ? unit__find(&unit, units_root(), a->unit) : 0, status = 0;

	if (err)
		return EXIT_SETUP;
	say("kernel %s: starting a machine", a->kernels.items[0]);
	err = image__get(a->kernels.items[0], &image);
	if (!err)
		err = snapshot__get(&(struct snapshot_source){ .image = image,
							       .name = "base",
							       .test_case = "boot" },
				    &base);
	if (!err)
		err = snapshot__restore(base, false, &guest.vm);
	if (!err)
		err = put_programs(&guest, &unit);
	if (!err) {
		if (guest.left_out)
			say("programs that are not built and so not there: %zu; `make NN` builds "
			    "unit NN's",
			    guest.left_out);
		say("kernel %s: a root shell; the programs are in /workbook, `exit` leaves",
		    image->kernel);
		err = vm__shell(guest.vm, &status);
	}
	vm__free(guest.vm);
	snapshot__free(base);
	image__free(image);
	return err ? EXIT_SETUP : WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_MISMATCH;
}

COMMAND(shell, "open a shell in a guest with the units' programs at hand", &argp)
{
	struct args args = { 0 };
	int code;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!args.kernels.count)
		kernels__choose(&args.kernels, "6.12");
	interrupt__install();
	code = open_shell(&args);
	strings__free(&args.kernels);
	return code;
}
