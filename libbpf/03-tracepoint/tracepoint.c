// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each openat() call: who made it, with which flags, and the path. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <bpf/libbpf.h>
#include "tool.h"
#include "tracepoint.h"
#include "tracepoint.skel.h"

/* --- args --- */
static struct env {
	long uid;
	bool writers;
	bool verbose;
} env = {
	.uid = ANY_UID,
};

static const struct argp_option opts[] = {
	{ "uid", 'u', "UID", 0, "Only calls of this user", 0 },
	{ "writers", 'w', NULL, 0, "Only calls that ask to write", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'u':
		if (parse_number(arg, 0, ANY_UID - 1L, &env.uid))
			argp_error(state, "--uid takes 0 to 4294967294, not '%s'", arg);
		return 0;
	case 'w':
		env.writers = true;
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
	.doc = "Show each openat() call: who made it, with which flags, and the path.",
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
		return -EINVAL;
	printf("%-8u %-16s %08o %s\n", e->pid, e->comm, e->flags, e->path);
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-8s %-16s %-8s %s\n", "PID", "COMM", "FLAGS", "PATH");
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
	struct tracepoint_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = tracepoint_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	skel->rodata->targ_uid = env.uid;
	skel->rodata->writers_only = env.writers;

	/* --- load --- */
	err = tracepoint_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = tracepoint_bpf__attach(skel);
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
	tracepoint_bpf__detach(skel);
	if (!err) {
		err = ring_buffer__consume(rb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	tracepoint_bpf__destroy(skel);
	return err ? 1 : 0;
}
