// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Figures that anyone can repeat: what BCC and libbpf cost side by side, and where the time of a check or of a
 * graded run goes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build.h"
#include "declared.h"
#include "image.h"
#include "interrupt.h"
#include "options.h"
#include "pool.h"
#include "subject.h"

static const struct argp_option options[] = {
	{ "kernel", 'k', "K", 0, "On this kernel, or on all (default all); may be repeated", 0 },
	{ "runs", 'n', "N", 0, "Runs of which the median is taken (default 10)", 0 },
	{ "grade", 'g', NULL, 0,
	  "Instead of pairs: the exercises' solutions, run as `grade` runs what is handed in, and "
	  "how many runs an hour are done",
	  0 },
	{ "jobs", 'j', "N", 0, "With --grade: runs at a time (default: one per CPU)", 0 },
	{ 0 },
};

enum { MAX_RUNS = 1000 };

struct args {
	struct strings units, kernels;
	uint64_t runs, jobs;
	bool grade;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'k':
		option__kernel(&a->kernels, arg);
		return 0;
	case 'n':
		a->runs = option__number(state, "--runs", arg, 1, MAX_RUNS);
		return 0;
	case 'g':
		a->grade = true;
		return 0;
	case 'j':
		a->jobs = option__jobs(state, arg);
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
	.doc = "Measure the worked pairs: time to ready and peak memory of BCC and libbpf, as "
	       "ratios, and the phases of a warm check. One run at a time; a machine that does "
	       "something else besides shows it. BCC attached once, when the snapshot was made: "
	       "its time is that one's. Without UNIT: unit 01."
	       "\v"
	       "Examples: workbook bench 01 --runs 20\n"
	       "          workbook bench 01 --grade --kernel 6.12 --runs 100\n"
	       "Exit status: 0 measured, 1 a run was no match, 2 usage or set-up error.",
};

/* A run's figures, in the order in which they are printed. */
enum {
	BCC_MS,
	LIBBPF_MS,
	BCC_KB,
	LIBBPF_KB,
	TOTAL_MS,
	FIRST_PHASE,
	NR_FIGURES = FIRST_PHASE + NR_PHASES,
};

static void take_figures(int64_t *figure, const struct run *r)
{
	figure[BCC_MS] = r->bcc.state.ready_ms;
	figure[LIBBPF_MS] = r->libbpf.state.ready_ms;
	figure[BCC_KB] = r->bcc.state.rss_kb;
	figure[LIBBPF_KB] = r->libbpf.state.rss_kb;
	figure[TOTAL_MS] = 0;
	for (enum phase p = 0; p < NR_PHASES; p++) {
		figure[FIRST_PHASE + p] = r->phase_ms[p];
		figure[TOTAL_MS] += r->phase_ms[p];
	}
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The median of each figure over `n` runs. */
static void take_medians(const int64_t (*runs)[NR_FIGURES], size_t n, int64_t *median)
{
	int64_t sorted[MAX_RUNS];

	for (size_t f = 0; f < NR_FIGURES; f++) {
		for (size_t i = 0; i < n; i++)
			sorted[i] = runs[i][f];
		qsort(sorted, n, sizeof(*sorted), by_value);
		median[f] = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
	}
}

static double ratio(int64_t a, int64_t b)
{
	return b ? (double)a / b : 0;
}

static int phase_width(enum phase p)
{
	size_t len = strlen(phase__name(p));

	return len > 4 ? len + 1 : 5;
}

static void print_medians(const char *kernel, const int64_t *m)
{
	printf("%-7s%6.2f%8.2f%6.0fx%7.1f%8.1f%6.0fx%6lld", kernel, m[BCC_MS] / 1000.0,
	       m[LIBBPF_MS] / 1000.0, ratio(m[BCC_MS], m[LIBBPF_MS]), m[BCC_KB] / 1024.0,
	       m[LIBBPF_KB] / 1024.0, ratio(m[BCC_KB], m[LIBBPF_KB]), (long long)m[TOTAL_MS]);
	for (enum phase p = 0; p < NR_PHASES; p++)
		printf("%*lld", phase_width(p), (long long)m[FIRST_PHASE + p]);
	putchar('\n');
	fflush(stdout);
}

/* One run more than is measured: the first one fills the page cache. */
static int bench_kernel(const struct subject *s, const char *kernel, size_t n)
{
	int64_t runs[MAX_RUNS][NR_FIGURES], median[NR_FIGURES];
	struct image *image = NULL;
	int err = image__get(kernel, &image);

	for (size_t i = 0; i <= n && !err; i++) {
		struct run run;

		err = subject__run(s, image, run__new_seed(), NULL, &run);
		if (err)
			break;
		if (run.outcome != OUT_MATCH)
			err = 1;
		if (i)
			take_figures(runs[i - 1], &run);
		run__clear(&run);
	}
	image__free(image);
	if (err > 0)
		printf("%-7s no match; `./workbook run %s --kernel %s` tells more\n", kernel,
		       s->unit->number, kernel);
	if (err)
		return err < 0 ? EXIT_SETUP : EXIT_MISMATCH;
	take_medians(runs, n, median);
	print_medians(kernel, median);
	return EXIT_MATCH;
}

static void print_head(const struct subject *s, uint64_t runs)
{
	const char *program = s->binary;
	struct stat st = { 0 };

	stat(program, &st);
	printf("%s, %.2f MB, median of %llu\n", s->program, st.st_size / 1048576.0,
	       (unsigned long long)runs);
	printf("%-7s%21s%22s%6s\n", "", "ready in, seconds", "peak memory, MB",
	       "  warm check, milliseconds");
	printf("%-7s%6s%8s%7s%7s%8s%7s%6s", "kernel", "BCC", "libbpf", "ratio", "BCC", "libbpf",
	       "ratio", "all");
	for (enum phase p = 0; p < NR_PHASES; p++)
		printf("%*s", phase_width(p), phase__name(p));
	putchar('\n');
}

static int bench_unit(const struct args *a, const char *name)
{
	cleanup_unit struct unit unit = { 0 };
	cleanup_subject struct subject s = { 0 };
	int worst = EXIT_MATCH;

	if (unit__find(&unit, units_root(), name) || subject__init(&s, &unit, SUBJECT_TWIN, NULL))
		return EXIT_SETUP;
	say("building %s", s.program);
	if (subject__build(&s, NULL))
		return EXIT_SETUP;
	print_head(&s, a->runs);
	for (size_t k = 0; k < a->kernels.count && !interrupt__signal(); k++) {
		int code = bench_kernel(&s, a->kernels.items[k], a->runs);

		worst = code > worst ? code : worst;
	}
	return worst;
}

/* --- graded runs: confined, several at a time --- */

struct graded {
	const struct subject *subject;
	const struct image *image;
	const char *tags;
	int64_t runs[MAX_RUNS][NR_FIGURES];
	bool failed;
};

static int run_graded(void *ctx, size_t i __maybe_unused)
{
	const struct graded *g = ctx;
	int64_t figure[NR_FIGURES], since = now_ms();
	struct run run;
	int code;

	if (subject__run(g->subject, g->image, run__new_seed(), g->tags, &run))
		return EXIT_SETUP;
	take_figures(figure, &run);
	/* With what comes before the first phase: finding the snapshot. */
	figure[TOTAL_MS] = now_ms() - since;
	fwrite(figure, sizeof(figure), 1, stdout);
	code = run.outcome == OUT_MATCH ? EXIT_MATCH : EXIT_MISMATCH;
	run__clear(&run);
	return code;
}

static void take_graded(void *ctx, size_t i, int code, const struct buf *printed)
{
	struct graded *g = ctx;

	g->failed |= code != EXIT_MATCH || printed->len != sizeof(g->runs[i]);
	if (!g->failed)
		memcpy(g->runs[i], printed->data, printed->len);
}

static void print_graded(const char *kernel, const int64_t *m, double per_hour)
{
	printf("%-7s%9.0f%6lld", kernel, per_hour, (long long)m[TOTAL_MS]);
	for (enum phase p = 0; p < NR_PHASES; p++)
		printf("%*lld", phase_width(p), (long long)m[FIRST_PHASE + p]);
	putchar('\n');
	fflush(stdout);
}

static int grade_kernel(const struct args *a, const char *kernel, struct graded *g,
			const char *object)
{
	const struct pool pool = { .job = run_graded, .done = take_graded, .ctx = g };
	cleanup_buf struct buf tags = { 0 };
	int64_t median[NR_FIGURES], since;
	struct image *image = NULL;
	int err = image__get(kernel, &image);

	if (!err)
		err = declared__tags(image, object, &tags);
	g->image = image;
	g->tags = tags.data;
	if (!err) /* fills the page cache */
		err = pool__run(&pool, 1, 1);
	since = now_ms();
	if (!err)
		err = pool__run(&pool, a->runs, a->jobs);
	since = now_ms() - since;
	image__free(image);
	if (!err && g->failed)
		printf("%-7s no match; `./workbook run %s --solution --kernel %s` tells more\n",
		       kernel, g->subject->unit->number, kernel);
	if (err || g->failed)
		return err ? EXIT_SETUP : EXIT_MISMATCH;
	take_medians(g->runs, a->runs, median);
	print_graded(kernel, median, a->runs * 3600000.0 / since);
	return EXIT_MATCH;
}

/* The solution, as if somebody had handed it in. */
static int build_solution(const struct unit *unit, struct built *built)
{
	struct handed_in h = { .unit = unit };
	int err = 0;

	for (int i = 0; i < NR_SOURCES && !err; i++) {
		cleanup_free char *path = unit__source(unit, unit->solution, unit_sources[i]);

		err = file__read(path, &h.source[i]);
		errno = -err;
		if (err)
			err_sys("%s", path);
	}
	if (!err)
		err = sandbox__build(&h, built);
	if (!err && !built->ok)
		err = err_msg("%s: %s", unit->solution, built->messages.data);
	for (int i = 0; i < NR_SOURCES; i++)
		buf__free(&h.source[i]);
	return err;
}

static void print_graded_head(const struct unit *unit, uint64_t runs)
{
	printf("%s, confined, median of %llu\n", unit->name, (unsigned long long)runs);
	printf("%-7s%9s%6s", "kernel", "runs/hour", "all");
	for (enum phase p = 0; p < NR_PHASES; p++)
		printf("%*s", phase_width(p), phase__name(p));
	printf("  milliseconds\n");
}

static int grade_unit(const struct args *a, const char *name)
{
	cleanup_built struct built built = { .program = -1, .object = -1, .source = -1 };
	cleanup_unit struct unit unit = { 0 };
	cleanup_subject struct subject s = { 0 };
	cleanup_free char *object = NULL;
	cleanup_strings struct strings names = { 0 };
	static struct graded g;
	int worst = EXIT_MATCH;

	if (unit__find(&unit, units_root(), name) || sandbox__check())
		return EXIT_SETUP;
	strings__add(&names, xstrdup(unit.name));
	if (build__grader(&names) || build_solution(&unit, &built) ||
	    subject__init_built(&s, &unit, &built))
		return EXIT_SETUP;
	object = xprintf("/proc/self/fd/%d", built.object);
	print_graded_head(&unit, a->runs);
	for (size_t k = 0; k < a->kernels.count && !interrupt__signal(); k++) {
		int code;

		g = (struct graded){ .subject = &s };
		code = grade_kernel(a, a->kernels.items[k], &g, object);
		worst = code > worst ? code : worst;
	}
	return worst;
}

COMMAND(bench, "measure BCC and libbpf side by side, and where a check's time goes", &argp)
{
	struct args args = { .runs = 10 };
	int worst = EXIT_MATCH;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!args.kernels.count)
		kernels__choose(&args.kernels, "all");
	if (!args.units.count)
		strings__add(&args.units, xstrdup("01"));
	interrupt__install();
	for (size_t i = 0; i < args.units.count && !interrupt__signal(); i++) {
		int code = (args.grade ? grade_unit : bench_unit)(&args, args.units.items[i]);

		worst = code > worst ? code : worst;
	}
	strings__free(&args.units);
	strings__free(&args.kernels);
	return interrupt__signal() ? EXIT_SETUP : worst;
}
