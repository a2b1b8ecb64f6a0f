// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each call of a program's function visit(), with its arguments and its result. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <bpf/libbpf.h>
#include "uprobes.h"
#include "uprobes.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	const char *program;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'v':
		env.verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (env.program)
			argp_error(state, "one PROGRAM, not '%s' as well", arg);
		env.program = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which PROGRAM?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.args_doc = "PROGRAM",
	.doc = "Show each call of visit() in the file PROGRAM, whoever runs it.",
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
	LIBBPF_OPTS(bpf_uprobe_opts, at_return, .func_name = "visit", .retprobe = true);
	LIBBPF_OPTS(bpf_uprobe_opts, at_entry, .func_name = "visit");

	skel->links.return_visit = bpf_program__attach_uprobe_opts(
		skel->progs.return_visit, -1 /* every process */, env.program, 0, &at_return);
	if (!skel->links.return_visit)
		return explain("attach to visit()'s return", -errno);
	skel->links.enter_visit = bpf_program__attach_uprobe_opts(
		skel->progs.enter_visit, -1 /* every process */, env.program, 0, &at_entry);
	if (!skel->links.enter_visit)
		return explain("attach to visit()", -errno);
	return 0;
}

/* --- output --- */
static int print_event(void *ctx, void *data, size_t size)
{
	const struct event *e = data;
	char result[16] = "?";

	if (size < sizeof(*e))
		return -EINVAL;
	if (e->returned)
		snprintf(result, sizeof(result), "%d", e->result);
	printf("%-7u %-7u %-5d %-11s %s\n", e->pid, e->tid, e->level, result, e->name);
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-7s %-7s %-5s %-11s %s\n", "PID", "TID", "LEVEL", "RESULT", "NAME");
	while (!exiting) {
		err = ring_buffer__poll(rb, 100 /* ms */);
		if (err < 0 && err != -EINTR)
			return explain("poll", err);
	}
	return 0;
}

/* --- cleanup --- */
/* Calls that are still under way, or left unseen. */
static int print_calls(struct bpf_map *calls)
{
	struct call_key *prev = NULL, key;
	struct event e;
	int err;

	while (!(err = bpf_map__get_next_key(calls, prev, &key, sizeof(key)))) {
		err = bpf_map__lookup_elem(calls, &key, sizeof(key), &e, sizeof(e), 0);
		if (err)
			return explain("calls: lookup", err);
		print_event(NULL, &e, sizeof(e));
		prev = &key;
	}
	return err == -ENOENT ? 0 : explain("calls: next key", err);
}

/* --- loop --- */
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
	if (!err)
		err = print_calls(skel->maps.calls);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	uprobes_bpf__destroy(skel);
	return err ? 1 : 0;
}
