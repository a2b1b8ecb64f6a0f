// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "build.h"
#include "image.h"
#include "interrupt.h"
#include "options.h"
#include "pool.h"
#include "store.h"
#include "subject.h"

static const struct argp_option options[] = {
	{ "kernel", 'k', "K", 0, "For this kernel only; may be repeated", 0 },
	{ "jobs", 'j', "N", 0, "Virtual machines at a time (default: one per CPU)", 0 },
	{ "max-mb", 'm', "MB", 0,
	  "Keep all snapshots within MB on the disk, from now on (default 12288 or a third of what "
	  "is free)",
	  0 },
	{ 0 },
};

struct args {
	struct strings units, kernels;
	uint64_t jobs, max_mb;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'k':
		option__kernel(&a->kernels, arg);
		return 0;
	case 'j':
		a->jobs = option__jobs(state, arg);
		return 0;
	case 'm':
		a->max_mb = option__number(state, "--max-mb", arg, 1, UINT32_MAX);
		return 0;
	case ARGP_KEY_ARG:
		strings__add(&a->units, xstrdup(arg));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[UNIT...]",
	.doc = "Make images and snapshots ahead, so that every check takes a second: of the "
	       "exercises named, "
	       "or of all."
	       "\v"
	       "Example: workbook prepare 01 08 --kernel latest",
};

struct work {
	const struct args *args;
	struct subject *subjects;
	size_t count, done;
	int64_t start;
};

/* Jobs are ordered by exercise, so that the first ones can be checked soon. */
static int prepare_one(void *ctx, size_t i)
{
	const struct work *w = ctx;
	const char *kernel = w->args->kernels.items[i % w->args->kernels.count];
	struct snapshot *snapshot = NULL;
	struct image *image = NULL;
	int err = image__get(kernel, &image);

	if (!err)
		err = subject__snapshot(&w->subjects[i / w->args->kernels.count], image, &snapshot);
	snapshot__free(snapshot);
	image__free(image);
	return err ? EXIT_SETUP : EXIT_MATCH;
}

static void show_one(void *ctx, size_t i, int code, const struct buf *printed __maybe_unused)
{
	struct work *w = ctx;
	size_t jobs = w->count * w->args->kernels.count;

	w->done++;
	printf("%zu of %zu  %s on %s: %s (%.0f s so far)\n", w->done, jobs,
	       w->subjects[i / w->args->kernels.count].unit->name,
	       w->args->kernels.items[i % w->args->kernels.count],
	       code == EXIT_MATCH ? "ready" : "failed", (now_ms() - w->start) / 1000.0);
	fflush(stdout);
}

static int add_subject(struct work *w, const struct unit *unit)
{
	struct subject *s;
	int err;

	w->subjects = xrealloc(w->subjects, w->count + 1, sizeof(*s));
	s = &w->subjects[w->count++];
	err = subject__init(s, unit, SUBJECT_EXERCISE, NULL);
	return err ? err : subject__build_test(s, NULL);
}

static int prepare(struct args *a)
{
	cleanup_units struct units units = { 0 };
	struct work w = { .args = a, .start = now_ms() };
	const struct pool pool = { .job = prepare_one, .done = show_one, .ctx = &w };
	int err = units__resolve(&a->units);

	if (!err)
		err = units__load(&units, units_root());
	if (!err && a->max_mb)
		err = store__set_bound(a->max_mb);
	if (!err)
		say("building what the snapshots are made of");
	for (size_t i = 0; i < units.count && !err; i++)
		if (!a->units.count || strings__has(&a->units, units.items[i].name))
			err = add_subject(&w, &units.items[i]);
	if (!err)
		err = pool__run(&pool, w.count * a->kernels.count, a->jobs);
	for (size_t i = 0; i < w.count; i++)
		subject__free(&w.subjects[i]);
	free(w.subjects);
	return err ? EXIT_SETUP : EXIT_MATCH;
}

COMMAND(prepare, "make images and snapshots ahead", &argp)
{
	struct args args = { 0 };
	int code;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!args.kernels.count)
		kernels__choose(&args.kernels, "all");
	interrupt__install();
	code = prepare(&args);
	strings__free(&args.units);
	strings__free(&args.kernels);
	return code;
}
