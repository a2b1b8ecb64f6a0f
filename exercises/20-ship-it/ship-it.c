// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the processes that each process starts, and how many of them fail; go away and come back. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "ship-it.h"
#include "ship-it.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	const char *pin, *unpin;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "pin", 'p', "DIR", 0, "Stay attached at the end; go on from what is in DIR", 0 },
	{ "unpin", 'u', "DIR", 0, "Detach what --pin has left in DIR", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		env.pin = arg;
		return 0;
	case 'u':
		env.unpin = arg;
		return 0;
	case 'v':
		env.verbose = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.doc = "Count the processes that each process starts, and how many of them fail; Ctrl-C "
	       "prints the counts.",
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

static const char *pin_path(const char *dir, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* The links go first: where they are, their maps are. */
static int unpin(const char *dir)
{
	static const char *const names[] = { "count_start", "count_end", "counts", "starters",
					     "bss" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = pin_path(dir, names[i]);

		if (unlink(path) && errno != ENOENT) {
			fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, path,
				strerror(errno));
			return 1;
		}
	}
	return 0;
}

/* --- output --- */
static int print_counts(struct bpf_map *counts)
{
	__u32 *prev = NULL, pid;
	struct outcome outcome;
	int err;

	while (!(err = bpf_map__get_next_key(counts, prev, &pid, sizeof(pid)))) {
		err = bpf_map__lookup_elem(counts, &pid, sizeof(pid), &outcome, sizeof(outcome), 0);
		if (err)
			return explain("counts: lookup", err);
		printf("%-8u %-8llu %llu\n", pid, outcome.started, outcome.failed);
		prev = &pid;
	}
	return err == -ENOENT ? 0 : explain("counts: next key", err);
}

static void print_lost(struct bpf_map *bss)
{
	struct ship_it_bpf__bss vars = {};
	__u32 zero = 0;

	bpf_map__lookup_elem(bss, &zero, sizeof(zero), &vars, sizeof(vars), 0);
	if (vars.lost)
		fprintf(stderr, "lost %llu events\n", vars.lost);
}

int main(int argc, char **argv)
{
	struct ship_it_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);
	if (env.unpin)
		return unpin(env.unpin);

	/* --- open --- */
	skel = ship_it_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	/* TODO: with --pin, whatever a run has counted must be there for the next one to find. */
	/* TODO: there are two programs, and the run before has left both, one or none at its hook.
	 * What must not happen to one that is there?
	 */
	err = ship_it_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	/* TODO: with --pin, whatever is attached now must stay so when this process ends. */
	err = ship_it_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-8s %-8s %s\n", "PID", "STARTED", "FAILED");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_counts(skel->maps.counts);
	print_lost(skel->maps.bss);

	/* --- cleanup --- */
cleanup:
	ship_it_bpf__destroy(skel);
	return err ? 1 : 0;
}
