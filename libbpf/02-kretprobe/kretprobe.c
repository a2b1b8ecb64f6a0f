// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the results of openat() per process and access mode. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "kretprobe.h"
#include "kretprobe.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long max_threads;
	bool verbose;
} env = {
	.max_threads = MAX_THREADS,
};

static const struct argp_option opts[] = {
	{ "max-threads", 'm', "N", 0, "Follow N threads at a time (default 1024)", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'm':
		if (parse_number(arg, 1, 1 << 20, &env.max_threads))
			argp_error(state, "--max-threads takes 1 to 1048576, not '%s'", arg);
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
	.doc = "Count the results of openat() per process and access mode; Ctrl-C prints them.",
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
/* Threads that are still in a call, or left it unseen. */
static int count_starts(struct kretprobe_bpf *skel)
{
	struct bpf_map *starts = skel->maps.starts, *counts = skel->maps.counts;
	__u64 *prev = NULL, id, count;
	__u32 mode;
	int err;

	while (!(err = bpf_map__get_next_key(starts, prev, &id, sizeof(id)))) {
		struct row_key key = { .pid = id >> 32, .result = NO_RETURN };

		err = bpf_map__lookup_elem(starts, &id, sizeof(id), &mode, sizeof(mode), 0);
		if (err)
			return explain("starts: lookup", err);
		key.mode = mode;
		if (bpf_map__lookup_elem(counts, &key, sizeof(key), &count, sizeof(count), 0))
			count = 0;
		count++;
		if (bpf_map__update_elem(counts, &key, sizeof(key), &count, sizeof(count), 0))
			skel->bss->lost++; /* the map is full */
		prev = &id;
	}
	return err == -ENOENT ? 0 : explain("starts: next key", err);
}

static void print_row(const struct row_key *key, __u64 count)
{
	static const char *const modes[] = { "r", "w", "rw", "-" };
	const char *name = strerrorname_np(-key->result);
	char number[16];

	snprintf(number, sizeof(number), "%d", -key->result);
	if (key->result == NO_RETURN)
		name = "?";
	else if (!key->result)
		name = "OK";
	printf("%-8u %-5s %-15s %llu\n", key->pid, modes[key->mode], name ? name : number, count);
}

static int print_counts(struct bpf_map *counts)
{
	struct row_key *prev = NULL, key;
	__u64 count;
	int err;

	while (!(err = bpf_map__get_next_key(counts, prev, &key, sizeof(key)))) {
		err = bpf_map__lookup_elem(counts, &key, sizeof(key), &count, sizeof(count), 0);
		if (err)
			return explain("counts: lookup", err);
		print_row(&key, count);
		prev = &key;
	}
	return err == -ENOENT ? 0 : explain("counts: next key", err);
}

int main(int argc, char **argv)
{
	struct kretprobe_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = kretprobe_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}
	err = bpf_map__set_max_entries(skel->maps.starts, env.max_threads);
	if (err) {
		explain("starts: set max_entries", err);
		goto cleanup;
	}

	/* --- load --- */
	err = kretprobe_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = kretprobe_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-8s %-5s %-15s %s\n", "PID", "MODE", "RESULT", "COUNT");
	while (!exiting)
		sleep(1);
	kretprobe_bpf__detach(skel);

	/* --- output --- */
	err = count_starts(skel);
	if (!err)
		err = print_counts(skel->maps.counts);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	kretprobe_bpf__destroy(skel);
	return err ? 1 : 0;
}
