// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each file that is removed, or not: who wants it, and how it ends. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "fentry.h"
#include "fentry.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
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
	.doc = "Show each file that is removed, or not: who wants it, and how it ends.",
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

/* --- open --- */
/* How many parameters this kernel's function has, or why nobody can tell. */
static int count_parameters(const char *function)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type;
	int id;

	if (!btf)
		return -errno;
	id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);
	if (id > 0) {
		type = btf__type_by_id(btf, id);
		type = btf__type_by_id(btf, type->type); /* its prototype */
		id = btf_vlen(type);
	}
	btf__free(btf);
	return id;
}

static int choose_program(struct fentry_bpf *skel)
{
	int nr = count_parameters("vfs_unlink");

	if (nr != 3 && nr != 4)
		return explain("vfs_unlink: parameters", nr < 0 ? nr : -ENOTSUP);
	bpf_program__set_autoload(skel->progs.end, nr == 4);
	bpf_program__set_autoload(skel->progs.end_3, nr == 3);
	return 0;
}

/* --- output --- */
static int print_event(void *ctx, void *data, size_t size)
{
	const struct event *e = data;
	const char *error;
	char result[16];

	if (size < sizeof(*e))
		return -EINVAL;
	error = strerrorname_np(-e->result);
	if (!e->result)
		strcpy(result, "OK");
	else if (error)
		snprintf(result, sizeof(result), "%s", error);
	else
		snprintf(result, sizeof(result), "%d", -e->result);
	printf("%-7u %-15s %-9s %-15s %s\n", e->pid, e->comm, result, e->folder, e->name);
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-7s %-15s %-9s %-15s %s\n", "PID", "COMM", "RESULT", "FOLDER", "NAME");
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
	struct fentry_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = fentry_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}
	err = choose_program(skel);
	if (err)
		goto cleanup;

	/* --- load --- */
	err = fentry_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = fentry_bpf__attach(skel);
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
	fentry_bpf__detach(skel);
	if (!err) {
		err = ring_buffer__consume(rb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	fentry_bpf__destroy(skel);
	return err ? 1 : 0;
}
