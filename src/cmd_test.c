// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The whole suite. What shares a snapshot is one job, so that a small store of snapshots serves it. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "build.h"
#include "exercise.h"
#include "image.h"
#include "interrupt.h"
#include "options.h"
#include "pool.h"
#include "proc.h"
#include "result.h"

#define STEP_MS	    (30 * 60 * 1000)
#define OTHER_SEEDS 3

static const struct argp_option options[] = {
	{ "kernel", 'k', "K", 0, "On this kernel only; may be repeated", 0 },
	{ "jobs", 'j', "N", 0, "Jobs at a time (default: one per CPU)", 0 },
	{ "pairs", 'p', NULL, 0, "Units only: no unit tests, no lint, no fuzzers", 0 },
	{ 0 },
};

struct args {
	struct strings units, kernels;
	uint64_t jobs;
	bool pairs_only;
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
	case 'p':
		a->pairs_only = true;
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
	.doc = "Run every test: pairs match, solutions pass, starters and wrong solutions fail as "
	       "they "
	       "must, on every kernel; unit tests, fuzzers, system tests, lint. With UNITs, only "
	       "those, and neither fuzzers nor system tests. `make test` builds what this needs."
	       "\v"
	       "The last line is \"N passed, N failed\". Exit status: 0 all passed, 1 not.",
};

/* --- what is tested --- */

/* One program that is run, and what must come of it. */
struct check {
	struct subject subject;
	char *label;	    /* "01-kprobe-counter solution" */
	char *outcome;	    /* name of the outcome; NULL: "match" */
	char *must_contain; /* in the messages, or NULL */
};

struct checks {
	struct check *items;
	size_t count;
};

/* A job: a folder of tests that share a snapshot, or a step that is a command. */
struct job {
	const struct unit *unit; /* NULL: a step */
	const char *kernel, *test_case;
	const char *const *argv;
	char *label;
};

struct tally {
	unsigned passed, failed;
};

static void count(struct tally *t, bool ok)
{
	t->passed += ok;
	t->failed += !ok;
}

struct suite {
	const struct args *args;
	struct units units;
	struct checks checks;
	struct job *jobs;
	size_t job_count;
	struct tally tally;
};

static struct check *add_check(struct suite *s, const struct unit *u, enum subject_kind kind,
			       const char *wrong, char *label)
{
	struct check *c;

	s->checks.items = xrealloc(s->checks.items, s->checks.count + 1, sizeof(*c));
	c = &s->checks.items[s->checks.count++];
	*c = (struct check){ .label = label };
	return subject__init(&c->subject, u, kind, wrong) ? NULL : c;
}

/* The first line of a patch: "Expect: OUTCOME WORDS". */
static int read_expectation(const char *patch, struct check *c)
{
	cleanup_file FILE *f = fopen(patch, "re");
	char outcome[32], words[400] = "";

	if (!f || fscanf(f, "Expect: %31s%399[^\n]", outcome, words) < 1)
		return err_msg("%s: does not begin with a line \"Expect: OUTCOME WORDS\"", patch);
	c->outcome = xstrdup(outcome);
	c->must_contain = text__trim(words, strlen(words));
	return 0;
}

static int add_wrong(struct suite *s, const struct unit *u)
{
	cleanup_strings struct strings patches = { 0 };
	int err = 0;

	unit__wrong(u, &patches);
	for (size_t i = 0; i < patches.count && !err; i++) {
		const char *file = strrchr(patches.items[i], '/') + 1;
		cleanup_free char *name = text__copy(file, strlen(file) - strlen(".patch"));
		struct check *c =
			add_check(s, u, SUBJECT_WRONG, name, xprintf("%s wrong/%s", u->name, name));

		err = c ? read_expectation(patches.items[i], c) : -EINVAL;
	}
	return err;
}

static int add_unit(struct suite *s, const struct unit *u)
{
	cleanup_exercise struct exercise e = { 0 };
	struct check *starter;
	int err;

	if (!add_check(s, u, SUBJECT_TWIN, NULL, xprintf("%s pair", u->name)) ||
	    !add_check(s, u, SUBJECT_SOLUTION, NULL, xprintf("%s solution", u->name)))
		return -EINVAL;
	err = exercise__load(&e, u);
	if (err)
		return err;
	if (e.edited) {
		printf("edited  exercises/%s: yours, so not tested as a starter\n", u->name);
		return add_wrong(s, u);
	}
	starter = add_check(s, u, SUBJECT_EXERCISE, NULL, xprintf("%s starter", u->name));
	if (!starter)
		return -EINVAL;
	starter->outcome = xstrdup("mismatch");
	return add_wrong(s, u);
}

/* Wrong solutions and starters prove the check, not the kernel: one kernel does. */
static bool runs_on(const struct suite *s, const struct check *c, const char *kernel)
{
	const struct strings *k = &s->args->kernels;
	bool everywhere = c->subject.kind == SUBJECT_TWIN || c->subject.kind == SUBJECT_SOLUTION;

	return everywhere || !strcmp(kernel, k->items[k->count - 1]);
}

static void add_job(struct suite *s, struct job job)
{
	s->jobs = xrealloc(s->jobs, s->job_count + 1, sizeof(job));
	s->jobs[s->job_count++] = job;
}

/* --- units --- */

static bool as_expected(const struct check *c, const struct run *r)
{
	const char *words = c->must_contain, *want = c->outcome ? c->outcome : "match";

	return !strcmp(outcome__name(r->outcome), want) &&
	       (!words || !*words || (r->judged.len && strcasestr(r->judged.data, words)) ||
		(r->why && strcasestr(r->why, words)) ||
		(r->libbpf.err.len && strcasestr(r->libbpf.err.data, words)));
}

/* Chance may hide a mistake from one seed in many, but not from the next ones too. */
static bool as_expected_of_others(const struct check *c, const struct image *image)
{
	struct run r;
	bool ok = true;

	for (int i = 0; i < OTHER_SEEDS && ok; i++) {
		if (subject__run(&c->subject, image, run__new_seed(), NULL, &r))
			return false;
		ok = as_expected(c, &r);
		run__clear(&r);
	}
	return ok;
}

static void show_failure(const struct check *c, const struct image *image, uint64_t seed,
			 const struct run *r)
{
	struct result result;

	printf("expected: %s %s\n", c->outcome ? c->outcome : "match",
	       c->must_contain ? c->must_contain : "");
	result__init(&result, &c->subject, image->kernel, seed, r);
	result__print(stdout, &result, true);
	result__free(&result);
}

/* Prints "ok" or "not ok" with what failed. Returns whether it was ok. What is right is so with every seed. */
static bool run_check(const struct check *c, const struct image *image)
{
	uint64_t seed = run__new_seed();
	int64_t start = now_ms();
	const char *note = c->outcome ? ", as expected" : "";
	struct run r;
	bool ok;

	if (subject__run(&c->subject, image, seed, NULL, &r)) {
		printf("%snot ok%s  %s on %s: no verdict\n", colour(stderr, C_RED),
		       colour(stderr, C_OFF), c->label, image->kernel);
		return false;
	}
	ok = as_expected(c, &r);
	if (!ok) {
		ok = c->outcome && as_expected_of_others(c, image);
		note = ok ? " by chance; other seeds see what is wrong" : " UNEXPECTED";
	}
	printf("%s%s%s  %s on %s: %s%s (%.1f s)\n", colour(stderr, ok ? C_GREEN : C_RED),
	       ok ? "ok" : "not ok", colour(stderr, C_OFF), c->label, image->kernel,
	       outcome__name(r.outcome), note, (now_ms() - start) / 1000.0);
	if (!ok)
		show_failure(c, image, seed, &r);
	run__clear(&r);
	return ok;
}

static struct tally run_unit_job(const struct suite *s, const struct job *job)
{
	struct tally tally = { 0 };
	struct image *image = NULL;

	if (image__get(job->kernel, &image)) {
		printf("not ok  %s %s on %s: no image\n", job->unit->name, job->test_case,
		       job->kernel);
		return (struct tally){ 0, 1 };
	}
	for (size_t i = 0; i < s->checks.count && !interrupt__signal(); i++) {
		const struct check *c = &s->checks.items[i];

		if (c->subject.unit == job->unit && !strcmp(c->subject.test_case, job->test_case) &&
		    runs_on(s, c, job->kernel))
			count(&tally, run_check(c, image));
	}
	image__free(image);
	return tally;
}

/* --- steps --- */

static struct tally run_step(const struct job *job)
{
	cleanup_buf struct buf printed = { 0 };
	int64_t start = now_ms();
	int status = proc__run(job->argv, &printed, &printed, STEP_MS);

	printf("%s%s%s  %s (%.1f s)\n", colour(stderr, status ? C_RED : C_GREEN),
	       status ? "not ok" : "ok", colour(stderr, C_OFF), job->label,
	       (now_ms() - start) / 1000.0);
	if (status)
		printf("%s\n", printed.len ? printed.data : "");
	return (struct tally){ !status, !!status };
}

static void add_step(struct suite *s, char *label, const char *first, const char *second,
		     const char *third)
{
	const char **argv = xcalloc(4, sizeof(*argv));

	argv[0] = first;
	argv[1] = second;
	argv[2] = third;
	add_job(s, (struct job){ .argv = argv, .label = label });
}

/* A step for each file with the ending in tests/FOLDER: RUN_IN/FOLDER/NAME is what runs. A fuzzer is run by make,
 * which gives it seeds and keeps what it learns.
 */
static void add_files(struct suite *s, const char *folder, const char *ending, const char *run_in)
{
	cleanup_free char *sources = xprintf("%s/tests/%s", project_root(), folder);
	cleanup_strings struct strings names = { 0 };
	DIR *dir = opendir(sources);

	for (struct dirent *e; dir && (e = readdir(dir));)
		if (text__ends(e->d_name, strlen(e->d_name), ending))
			strings__add(&names, xstrdup(e->d_name));
	if (dir)
		closedir(dir);
	strings__sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		/* A C file has become a program without the ending. */
		int len = strlen(name) - (!strcmp(ending, ".c") ? 2 : 0);

		if (run_in)
			add_step(
				s, xprintf("%s/%s", folder, name),
				xprintf("%s/%s/%s/%.*s", project_root(), run_in, folder, len, name),
				NULL, NULL);
		else
			add_step(s, xprintf("%s/%s", folder, name), "make", folder,
				 xprintf("FUZZERS=build/%s/%.*s", folder, len, name));
	}
}

/* --- the suite --- */

static int plan(struct suite *s)
{
	static const char *const cases[] = { "pair", "exercise" };
	const struct strings *kernels = &s->args->kernels, *named = &s->args->units;
	int err = units__load(&s->units, units_root());

	for (size_t u = 0; u < s->units.count && !err; u++) {
		if (named->count && !strings__has(named, s->units.items[u].name))
			continue;
		err = add_unit(s, &s->units.items[u]);
		/* Neighbours run at the same time: on two kernels, so that neither waits for the other's base. */
		for (size_t c = 0; c < ARRAY_SIZE(cases); c++)
			for (size_t k = 0; k < kernels->count; k++)
				add_job(s, (struct job){ .unit = &s->units.items[u],
							 .kernel = kernels->items[k],
							 .test_case = cases[c] });
	}
	if (!err && !s->checks.count)
		err = err_msg("%s: no units; run workbook from a complete checkout", units_root());
	if (err || s->args->pairs_only)
		return err;
	add_files(s, "unit", ".c", "build");
	if (named->count) {
		say("units are named: leaving out fuzzers and system tests");
	} else {
		add_files(s, "fuzz", ".c", NULL);
		add_files(s, "system", ".sh", "tests");
	}
	add_step(s, xstrdup("lint"), "make", "-s", "lint");
	return 0;
}

static int build_all(struct suite *s)
{
	cleanup_strings struct strings targets = { 0 };
	int err;

	say("building %zu programs", s->checks.count);
	for (size_t i = 0; i < s->checks.count; i++)
		subject__add_targets(&s->checks.items[i].subject, &targets);
	strings__sort(&targets);
	err = build__targets(&targets, NULL);
	for (size_t i = 0; i < s->checks.count && !err; i++)
		err = subject__read_facts(&s->checks.items[i].subject);
	return err;
}

/* The tally is the last line that a job prints. */
static int run_job(void *ctx, size_t i)
{
	const struct suite *s = ctx;
	const struct job *job = &s->jobs[i];
	struct tally t = job->unit ? run_unit_job(s, job) : run_step(job);

	printf("%u %u\n", t.passed, t.failed);
	return t.failed ? EXIT_MISMATCH : EXIT_MATCH;
}

static void show_job(void *ctx, size_t i, int code, const struct buf *printed)
{
	struct suite *s = ctx;
	size_t len = printed->len ? printed->len - 1 : 0;
	struct tally t = { 0 };

	while (len && printed->data[len - 1] != '\n')
		len--;
	fwrite(printed->data, 1, len, stdout);
	/* A job that died on the way has failed, whatever it printed. */
	if (sscanf(printed->data + len, "%u %u", &t.passed, &t.failed) != 2 ||
	    (code != EXIT_MATCH && !t.failed)) {
		printf("not ok  job %zu ended without a verdict\n", i);
		t.failed++;
	}
	s->tally.passed += t.passed;
	s->tally.failed += t.failed;
	fflush(stdout);
}

static void free_suite(struct suite *s)
{
	for (size_t i = 0; i < s->checks.count; i++) {
		subject__free(&s->checks.items[i].subject);
		free(s->checks.items[i].label);
		free(s->checks.items[i].outcome);
		free(s->checks.items[i].must_contain);
	}
	free(s->checks.items);
	free(s->jobs);
	units__free(&s->units);
}

COMMAND(test, "run every test: units on all kernels, unit tests, fuzzers, lint", &argp)
{
	struct args args = { 0 };
	struct suite suite = { .args = &args };
	const struct pool pool = { .job = run_job, .done = show_job, .ctx = &suite };
	int64_t start = now_ms();
	int err;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!args.kernels.count)
		kernels__choose(&args.kernels, "all");
	interrupt__install();
	err = units__resolve(&args.units);
	if (!err)
		err = plan(&suite);
	if (!err)
		err = build_all(&suite);
	if (!err)
		err = pool__run(&pool, suite.job_count, args.jobs);
	free_suite(&suite);
	strings__free(&args.units);
	strings__free(&args.kernels);
	if (err)
		return EXIT_SETUP;
	printf("in %.0f s\n%u passed, %u failed\n", (now_ms() - start) / 1000.0, suite.tally.passed,
	       suite.tally.failed);
	return suite.tally.failed ? EXIT_MISMATCH : EXIT_MATCH;
}
