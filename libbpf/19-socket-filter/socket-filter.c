// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the DNS queries that arrive at an interface, per type and name. */

/* --- includes --- */
#include <argp.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "socket-filter.h"
#include "socket-filter.skel.h"
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
	.doc = "Count the DNS queries that arrive at DEVICE, per type and name; Ctrl-C prints the "
	       "counts.",
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
/* Returns a socket that hears the packets of one interface, behind the program; or an error code. */
static int open_socket(const char *device, int prog_fd)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(device),
	};
	int err, sock;

	if (!address.sll_ifindex)
		return explain(device, -errno);
	/* Protocol 0 is none: before bind() the socket gets no packet. */
	sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return explain("packet socket, which takes CAP_NET_RAW", -errno);
	if (setsockopt(sock, SOL_SOCKET, SO_ATTACH_BPF, &prog_fd, sizeof(prog_fd)) ||
	    bind(sock, (struct sockaddr *)&address, sizeof(address))) {
		err = explain("attach", -errno);
		close(sock);
		return err;
	}
	return sock;
}

/* --- output --- */
static void print_type(__u16 type)
{
	static const char *const names[256] = {
		[1] = "A",    [2] = "NS",     [5] = "CNAME", [6] = "SOA",
		[12] = "PTR", [15] = "MX",    [16] = "TXT",  [28] = "AAAA",
		[33] = "SRV", [65] = "HTTPS", [255] = "ANY",
	};
	char number[16];

	snprintf(number, sizeof(number), "TYPE%u", type);
	printf("%-8s ", type < 256 && names[type] ? names[type] : number);
}

/* A name as in zone files: a dot behind each label, odd bytes as \DDD. */
static void print_name(const __u8 *name)
{
	if (!*name)
		putchar('.');
	while (*name) {
		for (__u8 left = *name++; left; left--, name++)
			printf(isalnum(*name) || *name == '-' || *name == '_' ? "%c" : "\\%03u",
			       *name);
		putchar('.');
	}
	putchar('\n');
}

static int print_counts(struct bpf_map *counts)
{
	struct query *last = NULL, query;
	__u64 count;
	int err;

	while (!(err = bpf_map__get_next_key(counts, last, &query, sizeof(query)))) {
		err = bpf_map__lookup_elem(counts, &query, sizeof(query), &count, sizeof(count), 0);
		if (err)
			break;
		print_type(query.type);
		printf("%-8llu ", count);
		print_name(query.name);
		last = &query;
	}
	return err == -ENOENT ? 0 : explain("counts", err);
}

int main(int argc, char **argv)
{
	struct socket_filter_bpf *skel;
	int err, sock = -1;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = socket_filter_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	err = socket_filter_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	sock = open_socket(env.device, bpf_program__fd(skel->progs.count_query));
	if (sock < 0) {
		err = sock;
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-8s %-8s %s\n", "TYPE", "COUNT", "NAME");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	close(sock); /* and the filter goes: nothing is counted any more */
	err = print_counts(skel->maps.counts);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	socket_filter_bpf__destroy(skel);
	return err ? 1 : 0;
}
