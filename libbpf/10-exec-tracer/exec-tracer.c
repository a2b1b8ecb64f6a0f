// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each program that a process begins to run: by whom, from which file, with which arguments. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "exec-tracer.h"
#include "exec-tracer.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	if (key != 'v')
		return ARGP_ERR_UNKNOWN;
	env.verbose = true;
	return 0;
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.doc = "Show each program that a process begins to run, with its arguments.",
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

/* Whoever starts a program chooses these bytes; a terminal would obey some of them. */
static void clean(char *text, size_t len)
{
	for (; len--; text++)
		if (*text < ' ' || *text > '~')
			*text = *text ? '?' : ' ';
}

/* --- output --- */
static int print_event(void *ctx, void *data, size_t size)
{
	struct event e;
	bool cut;
	int len;

	if (size < sizeof(e))
		return -EINVAL;
	memcpy(&e, data, sizeof(e)); /* the buffer itself is read-only */
	cut = e.args_size > ARGS_LEN;
	len = cut ? ARGS_LEN : e.args_size;
	clean(e.comm, strlen(e.comm));
	clean(e.filename, strlen(e.filename));
	clean(e.args, len);
	if (len && !cut)
		len--; /* the last NUL */
	printf("%-7u %-7u %-7u %-15s %-23s %.*s%s\n", e.pid, e.ppid, e.uid, e.comm, e.filename, len,
	       e.args, cut ? "..." : "");
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-7s %-7s %-7s %-15s %-23s %s\n", "PID", "PPID", "UID", "COMM", "FILENAME", "ARGS");
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
	struct exec_tracer_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = exec_tracer_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	err = exec_tracer_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = exec_tracer_bpf__attach(skel);
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
	exec_tracer_bpf__detach(skel);
	if (!err) {
		err = ring_buffer__consume(rb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	exec_tracer_bpf__destroy(skel);
	return err ? 1 : 0;
}
