// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show the ten processes that made the most write() calls in each interval. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "map-iteration.h"
#include "map-iteration.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long interval;
	long uid;
	bool verbose;
} env = {
	.interval = 1,
	.uid = ANY_UID,
};

static const struct argp_option opts[] = {
	{ "uid", 'u', "UID", 0, "Only processes of this user", 0 },
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
	case 'u':
		if (parse_number(arg, 0, ANY_UID - 1, &env.uid))
			argp_error(state, "--uid takes 0 to 4294967294, not '%s'", arg);
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
	.doc = "Show the ten processes that made the most write() calls, every INTERVAL seconds "
	       "(default 1), at once on SIGALRM, and for the last time on Ctrl-C.",
};

/* --- helpers --- */
static int libbpf_print_fn(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG && !env.verbose)
		return 0;
	return vfprintf(stderr, format, args);
}

/* --- output --- */
#define TOP 10 /* rows of a table */

static int print_top(struct bpf_map *writers)
{
	/* TODO: take out of the map what this interval has brought. Processes write all the while:
	 * no call may be missing from every table, or be in two.
	 */
	/* TODO: print a row for each of the TOP busiest processes, in order. */
	(void)writers;
	return 0; /* a negative error code ends the tool */
}

/* --- loop --- */
static int print_until_signal(struct bpf_map *writers, const sigset_t *signals)
{
	const struct timespec interval = { .tv_sec = env.interval };
	int sig, err = 0;

	printf("%-5s %-8s %-8s %s\n", "RANK", "PID", "CALLS", "COMM");
	while (!err) {
		sig = sigtimedwait(signals, NULL, &interval);
		if (sig == SIGINT || sig == SIGTERM)
			break;
		if (sig == SIGALRM || errno == EAGAIN)
			err = print_top(writers);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct map_iteration_bpf *skel;
	sigset_t signals;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGALRM);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	/* --- open --- */
	skel = map_iteration_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	skel->rodata->targ_uid = env.uid;

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
	err = print_until_signal(skel->maps.writers, &signals);

	/* --- cleanup --- */
	map_iteration_bpf__detach(skel);
	/* TODO: show what the last interval has brought until now, then say how many calls were lost,
	 * as the pair does.
	 */
cleanup:
	map_iteration_bpf__destroy(skel);
	return err ? 1 : 0;
}
