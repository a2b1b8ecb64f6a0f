// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the context switches of each thread under each of its names. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "raw-tracepoint.h"
#include "raw-tracepoint.skel.h"
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
	.doc = "Count each thread's context switches; Ctrl-C prints the counts.",
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
static int print_counts(struct bpf_map *counts)
{
	struct thread_key *prev = NULL, key;
	struct switches switches;
	int err;

	while (!(err = bpf_map__get_next_key(counts, prev, &key, sizeof(key)))) {
		err = bpf_map__lookup_elem(counts, &key, sizeof(key), &switches, sizeof(switches),
					   0);
		if (err)
			return explain("counts: lookup", err);
		printf("%-8u %-8u %-8llu %-8llu %-8llu %s\n", key.pid, key.tid, switches.ins,
		       switches.vol, switches.invol, key.comm);
		prev = &key;
	}
	return err == -ENOENT ? 0 : explain("counts: next key", err);
}

int main(int argc, char **argv)
{
	struct raw_tracepoint_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = raw_tracepoint_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	err = raw_tracepoint_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = raw_tracepoint_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-8s %-8s %-8s %-8s %-8s %s\n", "PID", "TID", "IN", "VOL", "INVOL", "COMM");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_counts(skel->maps.counts);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	raw_tracepoint_bpf__destroy(skel);
	return err ? 1 : 0;
}
