// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count what arrives at an interface per destination port, and drop what is for some of them. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "tc.h"
#include "tc.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	const char *device;
	__u16 drops[MAX_DROPS];
	__u32 nr_drops;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "drop", 'd', "PORT", 0, "Drop what is for this port; may come again", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	long port;

	switch (key) {
	case 'd':
		if (parse_number(arg, 0, 65535, &port))
			argp_error(state, "PORT is a number up to 65535, not '%s'", arg);
		if (env.nr_drops == MAX_DROPS)
			argp_error(state, "at most %d ports", MAX_DROPS);
		env.drops[env.nr_drops++] = port;
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
	.doc = "Count the packets that arrive at DEVICE, per destination port; Ctrl-C prints them.",
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
static int attach(struct bpf_tc_hook *hook, struct bpf_tc_opts *filter, bool *created)
{
	int err = bpf_tc_hook_create(hook);

	if (err && err != -EEXIST)
		return explain("create clsact", err);
	*created = !err; /* or else it is somebody else's, and stays */
	err = bpf_tc_attach(hook, filter);
	return err ? explain("attach", err) : 0;
}

/* --- cleanup --- */
static int detach(struct bpf_tc_hook *hook, struct bpf_tc_opts *filter, bool created)
{
	int err = 0;

	if (filter->prog_id) { /* attached; names the filter by its handle and priority alone */
		filter->flags = filter->prog_fd = filter->prog_id = 0;
		err = bpf_tc_detach(hook, filter);
	}
	if (created) {
		/* Both together mean the qdisc. One of them: all filters there, whoever's they are. */
		hook->attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		err = bpf_tc_hook_destroy(hook) ?: err;
	}
	if (err) /* explain() would blame -ENOENT on the kernel: here, the filter is gone already */
		fprintf(stderr, "tc: detach: %s\n", strerror(-err));
	return err;
}

/* --- output --- */
static int print_counts(struct bpf_map *counts)
{
	struct service *last = NULL, service;
	struct count count;
	int err;

	while (!(err = bpf_map__get_next_key(counts, last, &service, sizeof(service)))) {
		err = bpf_map__lookup_elem(counts, &service, sizeof(service), &count, sizeof(count),
					   0);
		if (err)
			return explain("counts: lookup", err);
		printf("%-5s %-6u %-8llu %-9llu %llu\n",
		       service.protocol == IPPROTO_TCP ? "TCP" : "UDP", service.port, count.packets,
		       count.bytes, count.dropped);
		last = &service;
	}
	return err == -ENOENT ? 0 : explain("counts: next key", err);
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = 1, .priority = 1);
	struct tc_bpf *skel;
	bool created = false;
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
	for (__u32 i = 0; i < env.nr_drops; i++)
		skel->rodata->drops[i] = env.drops[i];
	skel->rodata->nr_drops = env.nr_drops;

	/* --- load --- */
	err = tc_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	hook.ifindex = if_nametoindex(env.device);
	if (!hook.ifindex) {
		err = explain(env.device, -errno);
		goto cleanup;
	}
	filter.prog_fd = bpf_program__fd(skel->progs.count_port);
	err = attach(&hook, &filter, &created);
	if (err)
		goto cleanup;

	/* --- loop --- */
	printf("%-5s %-6s %-8s %-9s %s\n", "PROTO", "PORT", "PACKETS", "BYTES", "DROPPED");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_counts(skel->maps.counts);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	err = detach(&hook, &filter, created) ?: err;
	tc_bpf__destroy(skel);
	return err ? 1 : 0;
}
