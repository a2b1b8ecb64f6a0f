// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Give what leaves from one port another source: address, port and checksums. */

/* --- includes --- */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "tc.h"
#include "tc.skel.h"
#include "tool.h"

/* --- args --- */
enum { OPT_PORT = 'p', OPT_NEW_PORT = 'n', OPT_IPV4 = '4', OPT_IPV6 = '6' };

static struct env {
	const char *device[MAX_DEVICES];
	int nr_devices;
	long port, new_port;
	struct in_addr ipv4;
	struct in6_addr ipv6;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "port", OPT_PORT, "PORT", 0, "Source port to look for", 0 },
	{ "new-port", OPT_NEW_PORT, "PORT", 0, "Source port to put there", 0 },
	{ "new-ipv4", OPT_IPV4, "ADDRESS", 0, "Source address for IPv4", 0 },
	{ "new-ipv6", OPT_IPV6, "ADDRESS", 0, "Source address for IPv6", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case OPT_PORT:
	case OPT_NEW_PORT:
		if (parse_number(arg, 1, 65535, key == OPT_PORT ? &env.port : &env.new_port))
			argp_error(state, "PORT is a number from 1 to 65535, not '%s'", arg);
		return 0;
	case OPT_IPV4:
		if (inet_pton(AF_INET, arg, &env.ipv4) != 1)
			argp_error(state, "'%s' is no IPv4 address", arg);
		return 0;
	case OPT_IPV6:
		if (inet_pton(AF_INET6, arg, &env.ipv6) != 1)
			argp_error(state, "'%s' is no IPv6 address", arg);
		return 0;
	case 'v':
		env.verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (env.nr_devices == MAX_DEVICES)
			argp_error(state, "at most %d devices", MAX_DEVICES);
		env.device[env.nr_devices++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!env.port || !env.new_port || !env.nr_devices)
			argp_error(state, "which --port, --new-port and DEVICE?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.args_doc = "DEVICE...",
	.doc = "Give what leaves by DEVICE from a port another source; Ctrl-C prints how much.",
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
/* TODO: what has to be remembered of each device, so that it can be left as it was found. */

static int attach(const char *device, int prog_fd)
{
	/* TODO: attach the program to what leaves by the device. The hook may be there already: then
	 * bpf_tc_hook_create() says -EEXIST, whatever explain() would make of that.
	 */
	return 0;
}

/* --- cleanup --- */
static int detach(const char *device)
{
	/* TODO: take off what attach() has put there, and nothing else. This is called for each device,
	 * also for those that attach() failed for or never came to.
	 */
	return 0;
}

/* --- output --- */
static const char *const row_names[ROWS] = {
	[ROW_IPV4_TCP] = "IPV4   TCP",
	[ROW_IPV4_UDP] = "IPV4   UDP",
	[ROW_IPV6_TCP] = "IPV6   TCP",
	[ROW_IPV6_UDP] = "IPV6   UDP",
};

static int print_counts(struct bpf_map *counts)
{
	int err = 0, cpus = libbpf_num_possible_cpus();
	__u64 *per_cpu;

	if (cpus < 0)
		return explain("possible CPUs", cpus);
	per_cpu = calloc(cpus, sizeof(*per_cpu));
	if (!per_cpu)
		return explain("counts: memory", -ENOMEM);
	for (__u32 row = 0; row < ROWS; row++) {
		__u64 sum = 0;

		err = bpf_map__lookup_elem(counts, &row, sizeof(row), per_cpu,
					   cpus * sizeof(*per_cpu), 0);
		if (err) {
			explain("counts: lookup", err);
			break;
		}
		for (int cpu = 0; cpu < cpus; cpu++)
			sum += per_cpu[cpu];
		printf("%-12s %llu\n", row_names[row], sum);
	}
	free(per_cpu);
	return err;
}

int main(int argc, char **argv)
{
	struct tc_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = tc_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	/* TODO: let the kernel side know the port to look for, the new port and the new addresses, all in
	 * network byte order. The addresses are in it already, the ports are not.
	 */

	/* --- load --- */
	err = tc_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	for (int i = 0; i < env.nr_devices && !err; i++)
		err = attach(env.device[i], bpf_program__fd(skel->progs.rewrite_source));
	if (err)
		goto cleanup;

	/* --- loop --- */
	printf("%-6s %-5s %s\n", "FAMILY", "PROTO", "PACKETS");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_counts(skel->maps.counts);

	/* --- cleanup --- */
cleanup:
	for (int i = 0; i < env.nr_devices; i++)
		err = detach(env.device[i]) ?: err;
	tc_bpf__destroy(skel);
	return err ? 1 : 0;
}
