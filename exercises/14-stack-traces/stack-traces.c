// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sample what a process's threads do, and count the samples of each user stack. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <bpf/libbpf.h>
#include "stack-traces.h"
#include "stack-traces.skel.h"
#include "syms.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long pid, frequency;
	bool verbose;
} env = {
	.frequency = 49,
};

static const struct argp_option opts[] = {
	{ "pid", 'p', "PID", 0, "The process (needed)", 0 },
	{ "frequency", 'f', "N", 0, "Take N samples a second on each CPU (default 49)", 0 },
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
	case 'f':
		if (parse_number(arg, 1, 1000, &env.frequency))
			argp_error(state, "--frequency takes 1 to 1000, not '%s'", arg);
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
	.doc = "Sample what a process's threads do; Ctrl-C prints the stacks.",
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

/* --- attach --- */
/* A clock that interrupts the CPU so many times a second. Returns its descriptor, or -1. */
static int open_clock(int cpu)
{
	/* TODO: open the event. The C library has no function for this system call. */
	(void)cpu;
	errno = ENOSYS;
	return -1;
}

/* Attaches the program to a clock of each CPU; links[cpu] stays NULL where a CPU is offline. */
static int attach_clocks(struct bpf_program *prog, struct bpf_link **links, int nr_cpus)
{
	/* TODO: attach it. Returns 0, or a negative error code after a message. */
	(void)open_clock;
	(void)prog;
	(void)links;
	(void)nr_cpus;
	return 0;
}

/* --- cleanup --- */
static void detach_clocks(struct bpf_link **links, int nr_cpus)
{
	for (int cpu = 0; cpu < nr_cpus; cpu++) {
		bpf_link__destroy(links[cpu]);
		links[cpu] = NULL;
	}
}

/* --- output --- */
static int print_rows(struct stack_traces_bpf *skel)
{
	/* TODO: print every row. Returns 0 when the map's end was reached. */
	(void)skel;
	return 0;
}

int main(int argc, char **argv)
{
	int err, nr_cpus = libbpf_num_possible_cpus();
	struct stack_traces_bpf *skel = NULL;
	struct bpf_link **links = NULL;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = stack_traces_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	skel->rodata->targ_tgid = env.pid;

	/* --- load --- */
	err = stack_traces_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	links = nr_cpus < 0 ? NULL : calloc(nr_cpus, sizeof(*links));
	if (!links) {
		err = explain("possible CPUs", nr_cpus < 0 ? nr_cpus : -ENOMEM);
		goto cleanup;
	}
	err = attach_clocks(skel->progs.take_sample, links, nr_cpus);
	if (err)
		goto cleanup;

	/* --- loop --- */
	printf("%-8s %-8s %s\n", "TID", "COUNT", "STACK");
	while (!exiting)
		sleep(1);

	/* --- cleanup --- */
	detach_clocks(links, nr_cpus);

	/* --- output --- */
	err = print_rows(skel);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	if (links)
		detach_clocks(links, nr_cpus);
	free(links);
	stack_traces_bpf__destroy(skel);
	return err ? 1 : 0;
}
