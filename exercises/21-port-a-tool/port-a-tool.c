// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each shmget(), shmat(), shmdt() and shmctl() call. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <bpf/libbpf.h>
#include "port-a-tool.h"
#include "port-a-tool.skel.h"
#include "tool.h"

/* --- args --- */
#define MAX_ID	     (1 << 22)
#define MAX_DURATION 1000000000 /* seconds */

static struct env {
	long pid, tid, duration;
	const char *name;
	bool timestamp, verbose;
} env = {
	.pid = NO_ID,
	.tid = NO_ID,
};

static const struct argp_option opts[] = {
	{ "timestamp", 'T', NULL, 0, "Add the time since the first event", 0 },
	{ "pid", 'p', "PID", 0, "Only this process", 0 },
	{ "tid", 't', "TID", 0, "Only this thread", 0 },
	{ "duration", 'd', "SECONDS", 0, "End after this time", 0 },
	{ "name", 'n', "TEXT", 0, "Only threads whose names contain this", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'T':
		env.timestamp = true;
		return 0;
	case 'p':
		if (parse_number(arg, 1, MAX_ID, &env.pid))
			argp_error(state, "--pid takes 1 to %d, not '%s'", MAX_ID, arg);
		return 0;
	case 't':
		if (parse_number(arg, 1, MAX_ID, &env.tid))
			argp_error(state, "--tid takes 1 to %d, not '%s'", MAX_ID, arg);
		return 0;
	case 'd':
		if (parse_number(arg, 1, MAX_DURATION, &env.duration))
			argp_error(state, "--duration takes 1 to %d, not '%s'", MAX_DURATION, arg);
		return 0;
	case 'n':
		env.name = arg;
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
	.doc = "Show each shmget(), shmat(), shmdt() and shmctl() call.",
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
/* TODO: print a row, as the script's print_event() does. */

/* --- loop --- */
static int print_events(struct ring_buffer *rb)
{
	/* TODO: the first line depends on the options, as the script's does. */
	printf("%-6s %-16s %6s %16s ARGs\n", "PID", "COMM", "SYS", "RET");
	while (!exiting) {
		/* TODO: read the buffer instead of sleeping; end when --duration is over. */
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct port_a_tool_bpf *skel;
	struct ring_buffer *rb = NULL;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = port_a_tool_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	/* TODO: hand on the options that the kernel side decides by. */

	/* --- load --- */
	err = port_a_tool_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = port_a_tool_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- output --- */
	/* TODO: open the buffer as `rb`. */

	/* --- loop --- */
	err = print_events(rb);

	/* --- cleanup --- */
	port_a_tool_bpf__detach(skel);
	/* TODO: print what is still in the buffer. */
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	port_a_tool_bpf__destroy(skel);
	return err ? 1 : 0;
}
