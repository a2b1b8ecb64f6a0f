// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Figures that anyone can repeat: what BCC and libbpf cost side by side, and where a check's time goes. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "image.h"
#include "interrupt.h"
#include "subject.h"

static const struct argp_option options[] = {
	{ "kernel", 'k', "K", 0, "On this kernel, or on all (default all); may be repeated", 0 },
	{ "runs", 'n', "N", 0, "Runs of which the median is taken (default 10)", 0 },
	{ 0 },
};

enum { MAX_RUNS = 1000 };

struct args {
	struct strings units, kernels;
	uint64_t runs;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'k':
		if (kernels__choose(&a->kernels, arg))
			exit(EXIT_SETUP);
		return 0;
	case 'n':
		if (parse_u64(arg, &a->runs) || !a->runs || a->runs > MAX_RUNS)
			argp_error(state, "--runs takes 1 to %d, not '%s'", MAX_RUNS, arg);
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
	       "Example: workbook bench 01 --runs 20\n"
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
		int code = bench_unit(&args, args.units.items[i]);

		worst = code > worst ? code : worst;
	}
	strings__free(&args.units);
	strings__free(&args.kernels);
	return interrupt__signal() ? EXIT_SETUP : worst;
}
