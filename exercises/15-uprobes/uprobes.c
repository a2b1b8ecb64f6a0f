// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each order of a shop that ends, from the shop's own probes. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <bpf/libbpf.h>
#include "uprobes.h"
#include "uprobes.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	const char *program;
	long pid;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "pid", 'p', "PID", 0, "The shop's process", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		if (parse_number(arg, 1, INT_MAX, &env.pid))
			argp_error(state, "--pid takes a process ID, not '%s'", arg);
		return 0;
	case 'v':
		env.verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (env.program)
			argp_error(state, "one PROGRAM, not '%s' as well", arg);
		env.program = arg;
		return 0;
	case ARGP_KEY_END:
		if (!env.pid || !env.program)
			argp_error(state, "which --pid, and which PROGRAM?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.args_doc = "PROGRAM",
	.doc = "Show each order that ends in a process of the shop in the file PROGRAM.",
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
static int attach(struct uprobes_bpf *skel)
{
	/* TODO: attach both programs to their probes, in the process and the file of `env`. The links go
	 * into skel->links; what fails is explained, and its error returned.
	 */
	return 0;
}

/* --- output --- */
static int print_event(void *ctx, void *data, size_t size)
{
	const struct event *e = data;

	if (size < sizeof(*e))
		return -EINVAL;
	printf("%-11d %-6u %-14lld %-6d %s\n", e->id, e->shelf, e->amount, e->status, e->item);
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-11s %-6s %-14s %-6s %s\n", "ID", "SHELF", "AMOUNT", "STATUS", "ITEM");
	while (!exiting) {
		err = ring_buffer__poll(rb, 100 /* ms */);
		if (err < 0 && err != -EINTR)
			return explain("poll", err);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct ring_buffer *rb = NULL;
	struct uprobes_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = uprobes_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	err = uprobes_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = attach(skel);
	if (err)
		goto cleanup;

	/* --- output --- */
	rb = ring_buffer__new(bpf_map__fd(skel->maps.events), print_event, NULL, NULL);
	if (!rb) {
		err = explain("ring buffer", -errno);
		goto cleanup;
	}

	/* --- loop --- */
	err = print_until_signal(rb);

	/* --- cleanup --- */
	uprobes_bpf__detach(skel);
	if (!err) {
		err = ring_buffer__consume(rb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	uprobes_bpf__destroy(skel);
	return err ? 1 : 0;
}
