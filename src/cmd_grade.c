// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "build.h"
#include "command.h"
#include "emit.h"
#include "grade.h"
#include "gradebook.h"
#include "gradelog.h"
#include "image.h"
#include "interrupt.h"
#include "pool.h"
#include "run.h"
#include "sandbox.h"
#include "submission.h"

enum { OPT_RESUME = 1000, OPT_JSON, OPT_JUNIT, OPT_GRADESCOPE, OPT_CSV, OPT_EMIT };

static const struct argp_option options[] = {
	{ "exercise", 'e', "UNIT", 0,
	  "Grade this exercise, also where it is missing; may be repeated (default: those that "
	  "were edited)",
	  0 },
	{ "kernel", 'k', "K", 0, "On this kernel only; may be repeated (default: all)", 0 },
	{ "seed", 's', "N", 0, "Repeat the run that printed this seed", 0 },
	{ "jobs", 'j', "N", 0, "Submissions at a time (default: one per CPU)", 0 },
	{ "verbose", 'v', NULL, 0, "Tell of every item, also for many submissions", 0 },
	{ "resume", OPT_RESUME, NULL, 0, "Go on with a run that was interrupted", 0 },
	{ "json", OPT_JSON, "FILE", 0,
	  "Write all results as JSON (\"-\": to standard output instead of the table)", 0 },
	{ "junit", OPT_JUNIT, "FILE", 0, "... as JUnit XML", 0 },
	{ "gradescope", OPT_GRADESCOPE, "FILE", 0,
	  "... as Gradescope's results.json, of one submission", 0 },
	{ "csv", OPT_CSV, "FILE", 0, "... as CSV, a line each", 0 },
	{ "emit", OPT_EMIT, "PLATFORM", 0,
	  "Grade nothing, but write what grades these exercises (default: all) on these kernels on "
	  "gradescope or github",
	  0 },
	{ "output", 'o', "DIR", 0, "With --emit: write into this new folder (default: PLATFORM)",
	  0 },
	{ 0 },
};

static const struct format {
	int option;
	void (*write)(const json_t *book, struct buf *out);
} formats[] = {
	{ OPT_JSON, gradebook__json },
	{ OPT_JUNIT, gradebook__junit },
	{ OPT_GRADESCOPE, gradebook__gradescope },
	{ OPT_CSV, gradebook__csv },
};

enum { NR_FORMATS = ARRAY_SIZE(formats) };

struct args {
	struct strings submissions, chosen, kernels;
	const char *report[NR_FORMATS]; /* paths */
	const char *platform, *output;
	uint64_t seed, jobs;
	bool have_seed, resume, verbose;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	for (size_t i = 0; i < NR_FORMATS; i++)
		if (key == formats[i].option) {
			a->report[i] = arg;
			return 0;
		}
	switch (key) {
	case 'e':
		strings__add(&a->chosen, xstrdup(arg));
		return 0;
	case 'k':
		if (kernels__choose(&a->kernels, arg))
			exit(EXIT_SETUP);
		return 0;
	case 's':
		if (parse_u64(arg, &a->seed))
			argp_error(state, "--seed takes a whole number, not '%s'", arg);
		a->have_seed = true;
		return 0;
	case 'j':
		if (parse_u64(arg, &a->jobs) || a->jobs > 64)
			argp_error(state, "--jobs takes a number up to 64, not '%s'", arg);
		return 0;
	case 'v':
		a->verbose = true;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case OPT_EMIT:
		a->platform = arg;
		return 0;
	case OPT_RESUME:
		a->resume = true;
		return 0;
	case ARGP_KEY_ARG:
		strings__add(&a->submissions, xstrdup(arg));
		return 0;
	case ARGP_KEY_END:
		if (a->platform && state->arg_num)
			argp_error(state, "--emit grades nothing: leave the submissions out");
		if (a->output && !a->platform)
			argp_error(state, "-o is where --emit writes; reports have options of "
					  "their own");
		if (!a->platform && !state->arg_num)
			argp_error(state, "what is to be graded? a folder, .tar.gz, .tar.xz, .zip "
					  "or git checkout");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[SUBMISSION...]",
	.doc = "Grade what learners hand in: build it in a sandbox, run it beside live BCC in "
	       "virtual machines that are thrown away, on every kernel with three seeds, and give "
	       "points by each exercise's rubric."
	       "\v"
	       "A submission is a folder, a .tar.gz, .tar.xz or .zip, or a git checkout that holds "
	       "exercises/NN-topic/; with one --exercise, its sources may stand there alone.\n"
	       "Examples: workbook grade anna.tar.gz\n"
	       "          workbook grade class/* --exercise 01 --csv points.csv\n"
	       "          workbook grade --emit gradescope --exercise 01\n"
	       "Exit status: 0 all were judged, whatever their points; 2 usage or set-up error.",
};

/* --- a class --- */

struct class
{
	const struct args *args;
	struct units units; /* with an exercise */
	struct grade_options options;
	struct gradelog log;
	json_t **result; /* in the submissions' order */
	size_t finished, judged_before;
	int64_t start;
	bool failed;
};

/* The same content has the same key, whatever else is graded with it. */
static char *key_of(const struct class *c, const char *path)
{
	cleanup_buf struct buf b = { 0 };
	struct submission s;

	buf__printf(&b, "%s\n", path);
	if (!submission__read(&s, path, &c->units, c->options.bare))
		for (size_t i = 0; i < s.count; i++)
			for (int k = 0; k < NR_SOURCES; k++) {
				buf__printf(&b, "%zu %d %zu\n", i, s.item[i].given[k],
					    s.item[i].source[k].len);
				buf__add(&b, s.item[i].source[k].data, s.item[i].source[k].len);
			}
	submission__free(&s);
	return hash_hex(b.data, b.len);
}

static int grade_one(void *ctx, size_t i)
{
	const struct class *c = ctx;
	const char *path = c->args->submissions.items[i];
	cleanup_free char *key = key_of(c, path), *text = NULL;
	json_t *known = gradelog__find(&c->log, key), *result;
	int err = 0;

	result = known ? json_incref(known) : grade__submission(path, &c->options);
	/* What the grader failed at is tried again. */
	if (!known && json_is_true(json_object_get(result, "judged")))
		err = gradelog__add(&c->log, key, result);
	text = json_dumps(result, JSON_COMPACT);
	printf("%s\n", text ? text : "");
	json_decref(result);
	return err || interrupt__signal() ? EXIT_SETUP : EXIT_MATCH;
}

/* A job that died without a word is the grader's failure, and told as such. */
static json_t *failed_result(const char *path)
{
	return json_pack("{s:s, s:f, s:i, s:b, s:[s], s:[], s:{}, s:[]}", "name", path, "score",
			 0.0, "max", 0, "judged", 0, "flags", "not judged, the grader failed",
			 "notes", "outcomes", "tests");
}

static void tell_progress(const struct class *c, const json_t *result)
{
	size_t n = c->args->submissions.count, left = n - c->finished;
	int64_t each = (now_ms() - c->start) / (int64_t)c->finished;

	if (n == 1)
		return;
	say("%zu of %zu: %s %g/%g%s%s", c->finished, n,
	    json_string_value(json_object_get(result, "name")),
	    json_number_value(json_object_get(result, "score")),
	    json_number_value(json_object_get(result, "max")),
	    json_array_size(json_object_get(result, "flags")) ? ", flagged" : "",
	    left ? "" : ", the last");
	if (left && c->finished % 10 == 0)
		say("about %lld min left", (long long)(each * left + 59999) / 60000);
}

static void take_result(void *ctx, size_t i, int code, const struct buf *printed)
{
	struct class *c = ctx;
	json_t *result = json_loadb(printed->data, printed->len, 0, NULL);

	if (!result)
		result = failed_result(c->args->submissions.items[i]);
	if (code != EXIT_MATCH || !json_is_true(json_object_get(result, "judged")))
		c->failed = true;
	c->result[i] = result;
	c->finished++;
	tell_progress(c, result);
}

/* --- before and after --- */

/* Exercises by the names that a person gives them, among those there are. */
static int choose(struct class *c, struct strings *names)
{
	struct units all = { 0 };
	int err = units__load(&all, units_root());

	for (size_t i = 0; i < all.count; i++)
		if (access(all.items[i].exercise, F_OK))
			unit__free(&all.items[i]);
		else
			all.items[c->units.count++] = all.items[i];
	c->units.items = all.items;
	for (size_t i = 0; i < c->args->chosen.count && !err; i++) {
		cleanup_unit struct unit u = { 0 };

		err = unit__find(&u, units_root(), c->args->chosen.items[i]);
		if (!err)
			strings__add(names, xstrdup(u.name));
	}
	return err;
}

/* What judges is built before anything of the submissions is looked at. */
static int build_tests(const struct class *c)
{
	cleanup_strings struct strings all = { 0 };

	for (size_t i = 0; i < c->units.count; i++)
		strings__add(&all, xstrdup(c->units.items[i].name));
	say("building what judges");
	return build__grader(c->options.chosen->count ? c->options.chosen : &all);
}

/* The log's name: another choice of exercises or kernels is another run. */
static int open_log(struct class *c, uint64_t seed)
{
	cleanup_buf struct buf b = { 0 };
	cleanup_free char *cwd = getcwd(NULL, 0), *hash = NULL, *name = NULL;
	json_t *head = json_pack("{s:I}", "seed", (json_int_t)seed);
	int err;

	buf__printf(&b, "%s\n%s\n", cwd ? cwd : "", project_root());
	for (size_t i = 0; i < c->options.chosen->count; i++)
		buf__printf(&b, "%s\n", c->options.chosen->items[i]);
	for (size_t i = 0; i < c->options.kernels->count; i++)
		buf__printf(&b, "%s\n", c->options.kernels->items[i]);
	if (c->args->have_seed)
		buf__printf(&b, "%llu\n", (unsigned long long)seed);
	hash = hash_hex(b.data, b.len);
	name = xprintf("%.16s.jsonl", hash);
	err = gradelog__open(&c->log, name, c->args->resume, head);
	json_decref(head);
	return err;
}

static json_t *make_book(const struct class *c)
{
	json_t *kernels = json_array(), *submissions = json_array();

	for (size_t i = 0; i < c->options.kernels->count; i++)
		json_array_append_new(kernels, json_string(c->options.kernels->items[i]));
	for (size_t i = 0; i < c->args->submissions.count; i++)
		json_array_append(submissions, c->result[i]);
	grade__compare(submissions);
	return json_pack("{s:i, s:O, s:o, s:o}", "version", 1, "seed",
			 json_object_get(c->log.head, "seed"), "kernels", kernels, "submissions",
			 submissions);
}

static int write_reports(const struct class *c)
{
	json_t *book = make_book(c);
	bool table = true;
	int err = 0;

	for (size_t i = 0; i < NR_FORMATS; i++) {
		cleanup_buf struct buf text = { 0 };
		const char *path = c->args->report[i];

		if (!path)
			continue;
		formats[i].write(book, &text);
		if (strcmp(path, "-"))
			err = file__write(path, text.data, text.len) ? -EIO : err;
		else
			table = !fwrite(text.data, text.len, 1, stdout);
	}
	if (table) {
		cleanup_buf struct buf text = { 0 };

		gradebook__table(book, c->args->verbose || c->args->submissions.count == 1, &text);
		fputs(text.data, stdout);
		printf("seed %llu\n", (unsigned long long)json_integer_value(
					      json_object_get(c->log.head, "seed")));
	}
	json_decref(book);
	return fflush(stdout) ? err_sys("standard output") : err;
}

static int grade_all(struct class *c)
{
	const struct pool pool = {
		.job = grade_one, .done = take_result, .ctx = c, .as_they_end = true
	};
	size_t n = c->args->submissions.count;
	int err;

	c->start = now_ms();
	c->result = xcalloc(n, sizeof(*c->result));
	grade__seeds(json_integer_value(json_object_get(c->log.head, "seed")), c->options.seed);
	err = pool__run(&pool, n, c->args->jobs);
	if (err) {
		say("%zu of %zu are graded; --resume goes on from there", c->finished, n);
		return err;
	}
	err = write_reports(c);
	if (!err && !c->failed)
		gradelog__remove(&c->log);
	return err;
}

static int grade_class(struct class *c)
{
	int err = sandbox__check();

	if (!err)
		err = build_tests(c);
	if (!err)
		err = open_log(c, c->args->have_seed ? c->args->seed : run__new_seed());
	return err ? err : grade_all(c);
}

static void free_class(struct class *c)
{
	for (size_t i = 0; c->result && i < c->args->submissions.count; i++)
		json_decref(c->result[i]);
	free(c->result);
	units__free(&c->units);
	gradelog__free(&c->log);
}

COMMAND(grade, "give points to what learners hand in", &argp)
{
	struct args args = { 0 };
	struct class class = { .args = &args, .log.fd = -1 };
	cleanup_strings struct strings chosen = { 0 };
	int err;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (args.report[2] && args.submissions.count > 1) {
		err_msg("--gradescope reports one submission, not %zu", args.submissions.count);
		return EXIT_SETUP;
	}
	if (!args.kernels.count)
		kernels__choose(&args.kernels, "all");
	interrupt__install();
	err = choose(&class, &chosen);
	class.options =
		(struct grade_options){ .units = &class.units,
					.chosen = &chosen,
					.kernels = &args.kernels,
					.bare = chosen.count == 1 ? chosen.items[0] : NULL };
	if (!err)
		err = args.platform ? emit__write(args.platform, args.output, &class.options)
				    : grade_class(&class);
	free_class(&class);
	strings__free(&args.submissions);
	strings__free(&args.chosen);
	strings__free(&args.kernels);
	return err || class.failed ? EXIT_SETUP : EXIT_MATCH;
}
