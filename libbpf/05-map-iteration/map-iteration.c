// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count write() calls per process, and print the counts each interval. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "map-iteration.h"
#include "map-iteration.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long interval;
	bool verbose;
} env = {
	.interval = 1,
};

static const struct argp_option opts[] = {
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "one interval is enough");
		if (parse_number(arg, 1, 86400, &env.interval))
			argp_error(state, "the interval is 1 to 86400 seconds, not '%s'", arg);
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
	.args_doc = "[INTERVAL]",
	.doc = "Count write() calls per process; print the counts every INTERVAL seconds "
	       "(default 1), the last ones on Ctrl-C.",
};

/* --- helpers --- */
static int libbpf_print_fn(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG && !env.verbose)
		return 0;
	return vfprintf(stderr, format, args);
}

/* --- output --- */
#define BATCH	 64
#define ENOTSUPP 524 /* the kernel's; the EOPNOTSUPP of errno.h is another number */

static void print_count(__u32 pid, __u64 count)
{
	time_t now = time(NULL);
	char text[16];

	strftime(text, sizeof(text), "%H:%M:%S", localtime(&now));
	printf("%-8s %-8u %llu\n", text, pid, count);
}

/* Since 5.6: many entries at once. */
static int take_batches(struct bpf_map *counts)
{
	__u32 *from = NULL, place, pids[BATCH], nr, i;
	__u64 values[BATCH];
	int err;

	do {
		nr = BATCH;
		err = bpf_map_lookup_and_delete_batch(bpf_map__fd(counts), from, &place, pids,
						      values, &nr, NULL);
		if (err && err != -ENOENT)
			return err;
		/* -ENOENT: these were the last ones. It may well come with entries. */
		for (i = 0; i < nr; i++)
			print_count(pids[i], values[i]);
		from = &place;
	} while (!err);
	return 0;
}

/* Since 5.14: one entry, read and deleted in one step. */
static int take_one(struct bpf_map *counts, __u32 pid)
{
	__u64 count;
	int err;

	err = bpf_map__lookup_and_delete_elem(counts, &pid, sizeof(pid), &count, sizeof(count), 0);
	if (!err)
		print_count(pid, count);
	return err;
}

/* Before that, calls between the reading and the deleting would be lost. So the entry stays, and
 * the difference is printed; only that of a dead process can go, for nobody counts there any more.
 */
static int print_difference(struct bpf_map *counts, __u32 pid)
{
	static __u64 printed[1 << 22]; /* one for each PID there can be */
	__u64 count;
	bool dead;
	int err;

	dead = kill(pid, 0) && errno == ESRCH; /* asked first: then this count is its last */
	err = bpf_map__lookup_elem(counts, &pid, sizeof(pid), &count, sizeof(count), 0);
	if (err)
		return err;
	if (count != printed[pid])
		print_count(pid, count - printed[pid]);
	printed[pid] = dead ? 0 : count;
	return dead ? bpf_map__delete_elem(counts, &pid, sizeof(pid), 0) : 0;
}

static int for_each_key(struct bpf_map *counts, int (*visit)(struct bpf_map *counts, __u32 pid))
{
	__u32 pid, next;
	int err, end;

	end = bpf_map__get_next_key(counts, NULL, &next, sizeof(next));
	while (!end) {
		/* Ask for the next key first: visit() may delete the one that leads there. */
		pid = next;
		end = bpf_map__get_next_key(counts, &pid, &next, sizeof(next));
		err = visit(counts, pid);
		if (err)
			return err;
	}
	return end == -ENOENT ? 0 : end;
}

/* Tries the best way, and remembers when the kernel does not know it. */
static int print_counts(struct bpf_map *counts)
{
	static enum { BATCHES, SINGLE, DIFFERENCE } method;
	int err = 0;

	if (method == BATCHES) {
		err = take_batches(counts);
		if (err == -EINVAL || err == -ENOTSUPP)
			method = SINGLE;
	}
	if (method == SINGLE) {
		err = for_each_key(counts, take_one);
		if (err == -EINVAL || err == -ENOTSUPP)
			method = DIFFERENCE;
	}
	if (method == DIFFERENCE)
		err = for_each_key(counts, print_difference);
	return err ? explain("counts", err) : 0;
}

int main(int argc, char **argv)
{
	struct map_iteration_bpf *skel;
	struct timespec interval = { 0 };
	sigset_t signals;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL); /* they wait until sigtimedwait() asks for them */

	/* --- open --- */
	skel = map_iteration_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	err = map_iteration_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = map_iteration_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	interval.tv_sec = env.interval;
	printf("%-8s %-8s %s\n", "TIME", "PID", "COUNT");
	while (!err && sigtimedwait(&signals, NULL, &interval) < 0)
		err = print_counts(skel->maps.counts);

	/* --- cleanup --- */
	map_iteration_bpf__detach(skel);
	if (!err)
		err = print_counts(skel->maps.counts);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	map_iteration_bpf__destroy(skel);
	return err ? 1 : 0;
}
