// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each clone() call: the process that made it and its name. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <bpf/libbpf.h>
#include "ring-buffer.h"
#include "ring-buffer.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long size;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "size", 's', "BYTES", 0, "Size of the ring buffer (default 262144)", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 's':
		if (parse_number(arg, 4096, 1 << 30, &env.size))
			argp_error(state, "--size takes 4096 to 1073741824, not '%s'", arg);
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
	.doc = "Show each clone() call: the process that made it and its name.",
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
static int print_event(void *ctx, void *data, size_t size)
{
	const struct event *e = data;

	if (size < sizeof(*e))
		return -EINVAL; /* ends the poll: the two halves disagree about the record */
	printf("%-8u %s\n", e->pid, e->comm);
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-8s %s\n", "PID", "COMM");
	while (!exiting) {
		err = ring_buffer__poll(rb, 100 /* ms */);
		/* Positive: records read. -EINTR: a signal came, perhaps the one to exit by. */
		if (err < 0 && err != -EINTR)
			return explain("poll", err);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct ring_buffer *rb = NULL;
	struct ring_buffer_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = ring_buffer_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}
	if (env.size) {
		err = bpf_map__set_max_entries(skel->maps.events, env.size);
		if (err) {
			explain("events: set max_entries", err);
			goto cleanup;
		}
	}

	/* --- load --- */
	err = ring_buffer_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = ring_buffer_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- output --- */
	rb = ring_buffer__new(bpf_map__fd(skel->maps.events), print_event, NULL, NULL);
	if (!rb) {
		err = explain("ring buffer", -errno);
		goto cleanup;
	}

	/* --- loop --- */
	err = print_until_signal(rb);

	/* --- cleanup --- */
	ring_buffer_bpf__detach(skel);
	if (!err) {
		err = ring_buffer__consume(rb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	ring_buffer_bpf__destroy(skel);
	return err ? 1 : 0;
}
