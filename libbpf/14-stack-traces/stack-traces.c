// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the paths, from a program's start into the kernel, on which eventfds are read. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "stack-traces.h"
#include "stack-traces.skel.h"
#include "syms.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long max_stacks;
	bool verbose;
} env = {
	.max_stacks = MAX_STACKS,
};

static const struct argp_option opts[] = {
	{ "max-stacks", 'm', "N", 0, "Keep up to N stacks of each kind (default 16384)", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'm':
		if (parse_number(arg, 1, 1 << 20, &env.max_stacks))
			argp_error(state, "--max-stacks takes 1 to 1048576, not '%s'", arg);
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
	.doc = "Count the paths, from a program's start into the kernel, on which eventfds are "
	       "read; Ctrl-C prints them.",
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
/* Prints the functions of a stack, the outermost first. A negative ID is that of no stack. */
static void print_stack(struct bpf_map *stacks, __s32 id, const struct syms *syms, const char **sep)
{
	__u64 ips[MAX_DEPTH] = {};
	int depth = 0;

	if (id < 0 || bpf_map__lookup_elem(stacks, &id, sizeof(id), ips, sizeof(ips), 0))
		return;
	while (depth < MAX_DEPTH && ips[depth])
		depth++;
	while (depth--) {
		printf("%s%s", *sep, syms__find(syms, ips[depth]));
		*sep = ";";
	}
}

static void print_row(struct stack_traces_bpf *skel, const struct path_key *key, __u64 count,
		      const struct syms *kernel)
{
	struct syms *user = syms__of_process(key->pid);
	const char *sep = "";

	printf("%-8u %-8llu ", key->pid, count);
	print_stack(skel->maps.user_stacks, key->user_id, user, &sep);
	print_stack(skel->maps.kernel_stacks, key->kernel_id, kernel, &sep);
	printf("\n");
	syms__free(user);
}

static int print_rows(struct stack_traces_bpf *skel)
{
	struct path_key *prev = NULL, key;
	struct syms *kernel = syms__of_kernel();
	__u64 count;
	int err;

	while (!(err = bpf_map__get_next_key(skel->maps.counts, prev, &key, sizeof(key)))) {
		err = bpf_map__lookup_elem(skel->maps.counts, &key, sizeof(key), &count,
					   sizeof(count), 0);
		if (err)
			break;
		print_row(skel, &key, count, kernel);
		prev = &key;
	}
	syms__free(kernel);
	return err == -ENOENT ? 0 : explain("counts", err);
}

int main(int argc, char **argv)
{
	struct stack_traces_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = stack_traces_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}
	err = bpf_map__set_max_entries(skel->maps.kernel_stacks, env.max_stacks);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.user_stacks, env.max_stacks);
	if (err) {
		explain("stacks: set max_entries", err);
		goto cleanup;
	}

	/* --- load --- */
	err = stack_traces_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = stack_traces_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-8s %-8s %s\n", "PID", "COUNT", "STACK");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_rows(skel);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);

	/* --- cleanup --- */
cleanup:
	stack_traces_bpf__destroy(skel);
	return err ? 1 : 0;
}
