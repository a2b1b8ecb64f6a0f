// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count calls of read(), write(), openat() and close() on each CPU. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "percpu-array.h"
#include "percpu-array.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long pid;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "pid", 'p', "PID", 0, "Only calls of this process", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		if (parse_number(arg, 1, INT_MAX, &env.pid))
			argp_error(state, "--pid takes 1 to %d, not '%s'", INT_MAX, arg);
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
	.doc = "Count file system calls on each CPU; Ctrl-C prints the counts.",
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
static void print_call(const char *name, const __u64 *count, int nr_cpus)
{
	__u64 total = 0, most = 0;

	for (int cpu = 0; cpu < nr_cpus; cpu++) {
		total += count[cpu];
		if (count[cpu] > most)
			most = count[cpu];
	}
	printf("%-7s %-8llu %-10.2f %-8llu", name, total, (double)total / nr_cpus, most);
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		printf(" %llu", count[cpu]);
	printf("\n");
}

static int print_calls(struct bpf_map *counts)
{
	static const char *const names[NR_CALLS] = { "read", "write", "openat", "close" };
	int nr_cpus = libbpf_num_possible_cpus(), err = 0;
	__u64 *count;

	if (nr_cpus < 0)
		return explain("possible CPUs", nr_cpus);
	count = calloc(nr_cpus, sizeof(*count));
	if (!count)
		return explain("counts", -ENOMEM);
	for (__u32 call = 0; call < NR_CALLS && !err; call++) {
		err = bpf_map__lookup_elem(counts, &call, sizeof(call), count,
					   nr_cpus * sizeof(*count), 0);
		if (err)
			explain("counts: lookup", err);
		else
			print_call(names[call], count, nr_cpus);
	}
	free(count);
	return err;
}

int main(int argc, char **argv)
{
	struct percpu_array_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = percpu_array_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	skel->rodata->targ_tgid = env.pid;

	/* --- load --- */
	err = percpu_array_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = percpu_array_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-7s %-8s %-10s %-8s %s\n", "CALL", "TOTAL", "AVERAGE", "MOST", "CPUS");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	percpu_array_bpf__detach(skel); /* all slots stand still while they are read */
	err = print_calls(skel->maps.counts);

	/* --- cleanup --- */
cleanup:
	percpu_array_bpf__destroy(skel);
	return err ? 1 : 0;
}
