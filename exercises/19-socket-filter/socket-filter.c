// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the bytes of each TCP and UDP flow at an interface, and the headers of other frames. */

/* --- includes --- */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
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
	long flows;
	bool verbose;
} env = {
	.flows = 10240,
};

static const struct argp_option opts[] = {
	{ "flows", 'f', "N", 0, "Flows that there is room for (default 10240)", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'f':
		if (parse_number(arg, 1, 1 << 20, &env.flows))
			argp_error(state, "room for 1 to 1048576 flows, not '%s'", arg);
		return 0;
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
	.doc = "Count the bytes of each TCP and UDP flow at DEVICE, and what else there is by its "
	       "EtherType; Ctrl-C prints the counts.",
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
/* TODO: returns a socket that gets the packets of one interface, behind the program; or an error code. */
static int open_socket(const char *device, int prog_fd)
{
	int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return sock < 0 ? explain("packet socket, which takes CAP_NET_RAW", -errno) : sock;
}

/* Classic BPF, which takes the program's place and keeps nothing: what waits in the queue is the rest. */
static void stop_listening(int sock)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = { .len = 1, .filter = &nothing };

	if (setsockopt(sock, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		explain("detach", -errno);
}

/* --- output --- */
static struct bytes others[1 << 16]; /* by EtherType */

/* Counts what the program has handed over, until nothing is there. */
static void read_others(int sock)
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	unsigned char data[2048];
	struct bytes *bytes;
	ssize_t n;

	while ((n = recvfrom(sock, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&from,
			     &from_len)) >= ETH_HLEN) {
		bytes = &others[data[12] << 8 | data[13]];
		if (from.sll_pkttype == PACKET_OUTGOING)
			bytes->out += n;
		else
			bytes->in += n;
	}
}

static void print_others(void)
{
	for (int type = 0; type < 1 << 16; type++)
		if (others[type].in || others[type].out)
			printf("0x%04x  %-10llu %-10llu %-24s %s\n", type, others[type].in,
			       others[type].out, "-", "-");
}

static void put_end(char *text, size_t size, int version, const __u32 *address, __u16 port)
{
	char number[INET6_ADDRSTRLEN];

	inet_ntop(version == 4 ? AF_INET : AF_INET6, address, number, sizeof(number));
	snprintf(text, size, version == 4 ? "%s:%u" : "[%s]:%u", number, ntohs(port));
}

static int print_flows(struct bpf_map *flows)
{
	struct flow *last = NULL, flow;
	char local[64], remote[64];
	struct bytes bytes;
	int err;

	while (!(err = bpf_map__get_next_key(flows, last, &flow, sizeof(flow)))) {
		err = bpf_map__lookup_elem(flows, &flow, sizeof(flow), &bytes, sizeof(bytes), 0);
		if (err)
			break;
		put_end(local, sizeof(local), flow.version, flow.local, flow.local_port);
		put_end(remote, sizeof(remote), flow.version, flow.remote, flow.remote_port);
		printf("%-7s %-10llu %-10llu %-24s %s\n",
		       flow.protocol == IPPROTO_TCP ? "TCP" : "UDP", bytes.in, bytes.out, local,
		       remote);
		last = &flow;
	}
	return err == -ENOENT ? 0 : explain("flows", err);
}

int main(int argc, char **argv)
{
	struct socket_filter_bpf *skel;
	struct pollfd pfd = { .fd = -1, .events = POLLIN };
	int err;

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
	/* TODO: --flows says how many flows there is room for. */
	err = socket_filter_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	pfd.fd = open_socket(env.device, bpf_program__fd(skel->progs.count_bytes));
	if (pfd.fd < 0) {
		err = pfd.fd;
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-7s %-10s %-10s %-24s %s\n", "PROTO", "IN", "OUT", "LOCAL", "REMOTE");
	while (!exiting)
		if (poll(&pfd, 1, 100 /* ms */) > 0)
			read_others(pfd.fd);

	/* --- output --- */
	stop_listening(pfd.fd);
	read_others(pfd.fd);
	close(pfd.fd);
	err = print_flows(skel->maps.flows);
	print_others();
	printf("%-7s %-10llu %-10s %-24s %s\n", "lost", skel->bss->lost, "-", "-", "-");

	/* --- cleanup --- */
cleanup:
	socket_filter_bpf__destroy(skel);
	return err ? 1 : 0;
}
