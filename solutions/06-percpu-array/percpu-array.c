// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count finished calls of read() and write() on each CPU, failed ones, and the largest transfer. */

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
	.doc = "Count read() and write() on each CPU; Ctrl-C prints the counts.",
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
#define SLOT_SIZE ((sizeof(struct io) + 7) / 8 * 8)

static void print_row(const char *call, const char *cpu, const struct io *io)
{
	printf("%-6s %-4s %-8u %-8u %u\n", call, cpu, io->count, io->failed, io->largest);
}

static void print_call(const char *name, const char *slots, int nr_cpus)
{
	struct io all = {};
	char number[16];

	for (int cpu = 0; cpu < nr_cpus; cpu++) {
		const struct io *io = (const void *)(slots + cpu * SLOT_SIZE);

		snprintf(number, sizeof(number), "%d", cpu);
		print_row(name, number, io);
		all.count += io->count;
		all.failed += io->failed;
		if (io->largest > all.largest)
			all.largest = io->largest;
	}
	print_row(name, "all", &all);
}

static int print_calls(struct bpf_map *ios)
{
	static const char *const names[NR_CALLS] = { "read", "write" };
	int nr_cpus = libbpf_num_possible_cpus(), err = 0;
	char *slots;

	if (nr_cpus < 0)
		return explain("possible CPUs", nr_cpus);
	slots = calloc(nr_cpus, SLOT_SIZE);
	if (!slots)
		return explain("ios", -ENOMEM);
	for (__u32 call = 0; call < NR_CALLS && !err; call++) {
		err = bpf_map__lookup_elem(ios, &call, sizeof(call), slots, nr_cpus * SLOT_SIZE, 0);
		if (err)
			explain("ios: lookup", err);
		else
			print_call(names[call], slots, nr_cpus);
	}
	free(slots);
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
	printf("%-6s %-4s %-8s %-8s %s\n", "CALL", "CPU", "COUNT", "FAILED", "LARGEST");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	percpu_array_bpf__detach(skel); /* all slots stand still while they are read */
	err = print_calls(skel->maps.ios);

	/* --- cleanup --- */
cleanup:
	percpu_array_bpf__destroy(skel);
	return err ? 1 : 0;
}
