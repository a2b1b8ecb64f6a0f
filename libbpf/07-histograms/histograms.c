// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show how many bytes a process's read() calls return, and which errors. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "hist.h"
#include "histograms.h"
#include "histograms.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long pid;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "pid", 'p', "PID", 0, "The process (needed)", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		if (parse_number(arg, 1, 1 << 22, &env.pid))
			argp_error(state, "--pid takes 1 to 4194304, not '%s'", arg);
		return 0;
	case 'v':
		env.verbose = true;
		return 0;
	case ARGP_KEY_END:
		if (!env.pid)
			argp_error(state, "--pid is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.doc = "Show how many bytes a process's read() calls return, and which errors; Ctrl-C "
	       "prints the histograms.",
};

/* --- helpers --- */
static volatile sig_atomic_t exiting;

static void sig_handler(int sig)
{
	exiting = 1;
}

static int libbpf_print_fn(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG && !env.verbose)
		return 0;
	return vfprintf(stderr, format, args);
}

/* --- output --- */
static int read_slots(struct bpf_map *hist, __u64 *slots, __u32 nr)
{
	for (__u32 i = 0; i < nr; i++) {
		int err = bpf_map__lookup_elem(hist, &i, sizeof(i), &slots[i], sizeof(slots[i]), 0);

		if (err)
			return explain("histogram: lookup", err);
	}
	return 0;
}

static int print_hists(struct histograms_bpf *skel)
{
	__u64 sizes[LOG2_SLOTS], errors[ERROR_SLOTS];
	int err;

	err = read_slots(skel->maps.sizes, sizes, LOG2_SLOTS);
	if (!err)
		err = read_slots(skel->maps.errors, errors, ERROR_SLOTS);
	if (err)
		return err;
	print_log2_hist(sizes, LOG2_SLOTS, "bytes");
	print_linear_hist(errors, ERROR_SLOTS, "errno");
	return 0;
}

int main(int argc, char **argv)
{
	struct histograms_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = histograms_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	skel->rodata->targ_tgid = env.pid;

	/* --- load --- */
	err = histograms_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = histograms_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("Tracing...\n");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_hists(skel);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	histograms_bpf__destroy(skel);
	return err ? 1 : 0;
}
