// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each TCP connection that is accepted: by whom, where, from whom. */

/* --- includes --- */
#include <argp.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <bpf/libbpf.h>
#include "core-sock.h"
#include "core-sock.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages, each relocation among them", 0 },
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
	.doc = "Show each TCP connection that is accepted: by whom, where, from whom.",
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
	char raddr[INET6_ADDRSTRLEN];

	if (size < sizeof(*e))
		return -EINVAL;
	inet_ntop(e->version == 4 ? AF_INET : AF_INET6, &e->raddr, raddr, sizeof(raddr));
	printf("%-7u %-3u %-5u %-30s %-5u %-10s %s\n", e->pid, e->version, e->lport, raddr,
	       e->rport, e->cc[0] ? e->cc : "-", e->comm);
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-7s %-3s %-5s %-30s %-5s %-10s %s\n", "PID", "IP", "LPORT", "RADDR", "RPORT", "CC",
	       "COMM");
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
	struct core_sock_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = core_sock_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	err = core_sock_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = core_sock_bpf__attach(skel);
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
	core_sock_bpf__detach(skel);
	if (!err) {
		err = ring_buffer__consume(rb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	core_sock_bpf__destroy(skel);
	return err ? 1 : 0;
}
