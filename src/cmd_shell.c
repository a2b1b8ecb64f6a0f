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
	.doc = "Open a root shell in a guest that runs the kernel, with BCC, bpftool and the "
	       "units' "
	       "programs in /workbook. What you change there is gone when you leave."
	       "\v"
	       "Example: workbook shell --kernel 5.10 01",
};

/* A file of the tree as it is in the guest, if it is there. */
static int put(struct vm *vm, const char *to, int mode, const char *fmt, ...) __printf(4, 5);
static int put(struct vm *vm, const char *to, int mode, const char *fmt, ...)
{
	cleanup_free char *path = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	return access(path, R_OK) ? 0 : vm__put_file(vm, to, mode, path);
}

static int put_unit(struct vm *vm, const struct unit *u)
{
	cleanup_free char *prototype = xprintf("/workbook/%s.py", u->name);
	cleanup_free char *twin = xprintf("/workbook/%s", u->name);
	cleanup_free char *exercise_prototype = xprintf("/workbook/%s.exercise.py", u->name);
	cleanup_free char *exercise = xprintf("/workbook/%s.exercise", u->name);
	cleanup_free char *test = xprintf("/workbook/%s.stimulus", u->name);
	const char *root = project_root();
	int err;

	err = put(vm, prototype, 0755, "%s", u->bcc);
	if (!err)
		err = put(vm, twin, 0755, "%s/build/libbpf/%s/%s", root, u->name, u->topic);
	if (!err)
		err = put(vm, exercise_prototype, 0755, "%s/prototype.py", u->exercise);
	if (!err)
		err = put(vm, exercise, 0755, "%s/build/exercises/%s/%s", root, u->name, u->topic);
	if (!err)
		err = put(vm, test, 0755, "%s/build/tests/%s", root, u->name);
	return err;
}

/* The programs that make has built, of one unit or of all. */
static int put_programs(struct vm *vm, const char *which)
{
	cleanup_units struct units units = { 0 };
	cleanup_unit struct unit unit = { 0 };
	int err;

	if (which) {
		err = unit__find(&unit, units_root(), which);
		if (!err) {
			/* An exercise that does not build yet is no reason to stay out. */
			cleanup_strings struct strings targets = { 0 };

			strings__add(&targets, xstrdup(unit.number));
			err = build__targets(&targets, NULL) < 0 ? -EINTR : put_unit(vm, &unit);
		}
		return err;
	}
	err = units__load(&units, units_root());
	for (size_t i = 0; i < units.count && !err; i++)
		err = put_unit(vm, &units.items[i]);
	return err;
}

static int open_shell(const struct args *a)
{
	struct snapshot *base = NULL;
	struct image *image = NULL;
	struct vm *vm = NULL;
	int err, status = 0;

	say("kernel %s: starting a machine", a->kernels.items[0]);
	err = image__get(a->kernels.items[0], &image);
	if (!err)
		err = snapshot__get(&(struct snapshot_source){ .image = image,
							       .name = "base",
							       .test_case = "boot" },
				    &base);
	if (!err)
		err = snapshot__restore(base, false, &vm);
	if (!err)
		err = put_programs(vm, a->unit);
	if (!err) {
		say("kernel %s: a root shell; the programs are in /workbook, `exit` leaves",
		    image->kernel);
		err = vm__shell(vm, &status);
	}
	vm__free(vm);
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
