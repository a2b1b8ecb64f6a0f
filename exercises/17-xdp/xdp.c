// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the frames that arrive at an interface, per protocol. */

/* --- includes --- */
#include <argp.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "xdp.h"
#include "xdp.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	const char *device;
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
		if (env.device)
			argp_error(state, "one DEVICE, not '%s' as well", arg);
		env.device = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which DEVICE?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.args_doc = "DEVICE",
	.doc = "Count the frames that arrive at DEVICE, per protocol; Ctrl-C prints the counts.",
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
static const char *const row_names[ROWS] = { "TCP", "UDP", "ICMP", "OTHER" };

static int print_counts(struct bpf_map *counts)
{
	/* TODO: for each row, add up what the CPUs counted, and print it instead of zeros. */
	for (__u32 row = 0; row < ROWS; row++)
		printf("%-8s %-10llu %llu\n", row_names[row], 0ULL, 0ULL);
	return 0;
}

int main(int argc, char **argv)
{
	struct xdp_bpf *skel;
	unsigned int ifindex;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = xdp_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	err = xdp_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	ifindex = if_nametoindex(env.device);
	if (!ifindex) {
		err = explain(env.device, -errno);
		goto cleanup;
	}
	/* TODO: this attaches nothing. Attach the program to the interface. */
	err = xdp_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-8s %-10s %s\n", "PROTOCOL", "PACKETS", "BYTES");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_counts(skel->maps.counts);

	/* --- cleanup --- */
cleanup:
	xdp_bpf__destroy(skel);
	return err ? 1 : 0;
}
