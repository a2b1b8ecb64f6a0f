// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "image.h"
#include "interrupt.h"
#include "options.h"
#include "pool.h"
#include "result.h"
#include "subject.h"

static const struct argp_option options[] = {
	{ "kernel", 'k', "K", 0, "Run on this kernel, or on all (default 6.12); may be repeated",
	  0 },
	{ "seed", 's', "N", 0, "Repeat the run that printed this seed", 0 },
	{ "exercise", 'e', NULL, 0, "Your exercise instead of the worked pair", 0 },
	{ "solution", 'S', NULL, 0, "The exercise's solution", 0 },
	{ "wrong", 'w', "NAME", 0, "The solution with the mistake tests/wrong/NN-topic/NAME.patch",
	  0 },
	{ "jobs", 'j', "N", 0, "Virtual machines at a time (default: one per CPU)", 0 },
	{ "timing", 't', NULL, 0, "Show how long each phase took", 0 },
	{ 0 },
};

struct args {
	const char *unit, *wrong;
	enum subject_kind kind;
	struct strings kernels;
	uint64_t seed, jobs;
	bool have_seed, timing;
};

static void choose(struct args *a, enum subject_kind kind, const struct argp_state *state)
{
	if (a->kind != SUBJECT_TWIN)
		argp_error(state, "only one of --exercise, --solution and --wrong=NAME");
	a->kind = kind;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'k':
		option__kernel(&a->kernels, arg);
		return 0;
	case 's':
		a->seed = option__number(state, "--seed", arg, 0, UINT64_MAX);
		a->have_seed = true;
		return 0;
	case 'e':
		choose(a, SUBJECT_EXERCISE, state);
		return 0;
	case 'S':
		choose(a, SUBJECT_SOLUTION, state);
		return 0;
	case 'w':
		choose(a, SUBJECT_WRONG, state);
		a->wrong = arg;
		return 0;
	case 'j':
		a->jobs = option__jobs(state, arg);
		return 0;
	case 't':
		a->timing = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->unit)
			argp_error(state, "one unit at a time");
		a->unit = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state,
			   "which unit? e.g. `./workbook run 01`; `./workbook list` names all");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "UNIT",
	.doc = "Run a unit's BCC prototype and its libbpf program side by side on the same events, "
	       "and "
	       "compare what they print with each other and with what really happened."
	       "\v"
	       "Example: workbook run 01 --kernel all\n"
	       "Exit status: 0 all matched, 1 something differs, 2 usage or set-up error.",
};

struct job {
	const struct args *args;
	const struct subject *subject;
	int worst;
};

static int run_kernel(void *ctx, size_t i)
{
	const struct job *job = ctx;
	const char *kernel = job->args->kernels.items[i];
	struct image *image = NULL;
	struct result result;
	struct run run;
	int err = image__get(kernel, &image);

	if (!err)
		err = subject__run(job->subject, image, job->args->seed, NULL, &run);
	image__free(image);
	if (err)
		return EXIT_SETUP;
	result__init(&result, job->subject, kernel, job->args->seed, &run);
	result__print(stdout, &result, job->args->timing);
	err = result__exit_code(&result);
	result__free(&result);
	run__clear(&run);
	return err;
}

static void show_kernel(void *ctx, size_t i __maybe_unused, int code, const struct buf *printed)
{
	struct job *job = ctx;

	fwrite(printed->data, 1, printed->len, stdout);
	fflush(stdout);
	job->worst = code > job->worst ? code : job->worst;
}

/* Whether there is such a patch; says which ones there are when there is none. */
static int find_wrong(const struct unit *u, const char *name)
{
	cleanup_strings struct strings patches = { 0 };
	cleanup_free char *path = xprintf("%s/%s.patch", u->wrong, name);
	cleanup_buf struct buf names = { 0 };

	unit__wrong(u, &patches);
	if (strings__has(&patches, path))
		return 0;
	for (size_t i = 0; i < patches.count; i++) {
		const char *file = patches.items[i] + strlen(u->wrong) + 1;

		buf__printf(&names, "%s%.*s", i ? ", " : "", (int)(strlen(file) - strlen(".patch")),
			    file);
	}
	return err_msg("--wrong %s: unit %s has no such mistake; there are: %s", name, u->number,
		       names.len ? names.data : "none");
}

static int run(struct args *a)
{
	cleanup_unit struct unit unit = { 0 };
	cleanup_subject struct subject subject = { 0 };
	struct job job = { a, &subject, EXIT_MATCH };
	const struct pool pool = { .job = run_kernel, .done = show_kernel, .ctx = &job };
	int err;

	if (unit__find(&unit, units_root(), a->unit) || (a->wrong && find_wrong(&unit, a->wrong)) ||
	    subject__init(&subject, &unit, a->kind, a->wrong))
		return EXIT_SETUP;
	say("building %s", subject.program);
	err = subject__build(&subject, NULL);
	if (err)
		return err > 0 ? EXIT_MISMATCH : EXIT_SETUP;
	if (!a->have_seed)
		a->seed = run__new_seed();
	err = pool__run(&pool, a->kernels.count, a->jobs);
	return err ? EXIT_SETUP : job.worst;
}

COMMAND(run, "run a BCC prototype and its libbpf program side by side, and compare", &argp)
{
	struct args args = { .kind = SUBJECT_TWIN };
	int code;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!args.kernels.count)
		kernels__choose(&args.kernels, "6.12");
	interrupt__install();
	say_waits = true;
	code = run(&args);
	strings__free(&args.kernels);
	return code;
}
