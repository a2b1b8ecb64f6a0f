// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show how long each process's poll() calls take, as two histograms. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
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
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	if (key != 'v')
		return ARGP_ERR_UNKNOWN;
	env.verbose = true;
	return 0;
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.doc = "Show how long each process's poll() calls take; Ctrl-C prints the histograms.",
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
#define ROW "%-8u %-7s %-10llu "

static void print_hist(__u32 pid, const struct hist *hist)
{
	for (int i = 0; i < LOG2_SLOTS; i++) {
		if (hist->log2[i])
			printf(ROW "%-10llu %llu\n", pid, "log2", i ? 1ULL << i : 0,
			       (2ULL << i) - 1, hist->log2[i]);
	}
	for (__u64 i = 0; i < LINEAR_SLOTS; i++) {
		if (!hist->linear[i])
			continue;
		printf(ROW, pid, "linear", i * STEP_MS);
		if (i < LINEAR_SLOTS - 1)
			printf("%-10llu %llu\n", (i + 1) * STEP_MS - 1, hist->linear[i]);
		else
			printf("%-10s %llu\n", "-", hist->linear[i]);
	}
}

static int print_hists(struct bpf_map *hists)
{
	__u32 *prev = NULL, pid;
	struct hist hist;
	int err;

	while (!(err = bpf_map__get_next_key(hists, prev, &pid, sizeof(pid)))) {
		err = bpf_map__lookup_elem(hists, &pid, sizeof(pid), &hist, sizeof(hist), 0);
		if (err)
			return explain("hists: lookup", err);
		print_hist(pid, &hist);
		prev = &pid;
	}
	return err == -ENOENT ? 0 : explain("hists: next key", err);
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
	printf("%-8s %-7s %-10s %-10s %s\n", "PID", "SCALE", "LOW", "HIGH", "COUNT");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_hists(skel->maps.hists);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	histograms_bpf__destroy(skel);
	return err ? 1 : 0;
}
