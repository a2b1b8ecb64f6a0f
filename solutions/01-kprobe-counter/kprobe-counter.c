// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count openat() calls per process and command name. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "kprobe-counter.h"
#include "kprobe-counter.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long max_rows;
	bool verbose;
} env = {
	.max_rows = MAX_ROWS,
};

static const struct argp_option opts[] = {
	{ "max-rows", 'm', "N", 0, "Count up to N rows (default 10240)", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'm':
		if (parse_number(arg, 1, 1 << 20, &env.max_rows))
			argp_error(state, "--max-rows takes 1 to 1048576, not '%s'", arg);
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
	.doc = "Count openat() calls per process and command name; Ctrl-C prints the counts.",
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
	struct row_key *prev = NULL, key;
	__u64 count;
	int err;

	/* NULL asks for the first key. */
	while (!(err = bpf_map__get_next_key(counts, prev, &key, sizeof(key)))) {
		err = bpf_map__lookup_elem(counts, &key, sizeof(key), &count, sizeof(count), 0);
		if (err)
			return explain("counts: lookup", err);
		printf("%-8u %-8llu %s\n", key.pid, count, key.comm);
		prev = &key;
	}
	return err == -ENOENT ? 0 : explain("counts: next key", err);
}

int main(int argc, char **argv)
{
	struct kprobe_counter_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = kprobe_counter_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}
	err = bpf_map__set_max_entries(skel->maps.counts, env.max_rows);
	if (err) {
		explain("counts: set max_entries", err);
		goto cleanup;
	}

	/* --- load --- */
	err = kprobe_counter_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = kprobe_counter_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-8s %-8s %s\n", "PID", "COUNT", "COMM");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_counts(skel->maps.counts);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	kprobe_counter_bpf__destroy(skel);
	return err ? 1 : 0;
}
