// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each thread that ends, with as few wake-ups as the user likes. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <linux/perf_event.h>
#include <bpf/libbpf.h>
#include "perf-buffer.h"
#include "perf-buffer.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long batch;
	long pages;
	long uid;
	bool verbose;
} env = {
	.batch = 16,
	.pages = 64,
	.uid = ANY_UID,
};

static const struct argp_option opts[] = {
	{ "batch", 'b', "N", 0, "Wake up for every N events of a CPU (default 16)", 0 },
	{ "pages", 'n', "N", 0, "Pages of each CPU's buffer (default 64)", 0 },
	{ "uid", 'u', "UID", 0, "Only threads of this user", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'b':
		if (parse_number(arg, 1, 1 << 20, &env.batch))
			argp_error(state, "--batch takes 1 to 1048576, not '%s'", arg);
		return 0;
	case 'n':
		if (parse_number(arg, 1, 1 << 16, &env.pages) || env.pages & (env.pages - 1))
			argp_error(state, "--pages takes a power of two up to 65536, not '%s'",
				   arg);
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
	.doc = "Show each thread that ends, with as few wake-ups as the user likes.",
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
/* How the two kinds of records lie in the buffer; header.type tells which it is. */
struct sample_record {
	struct perf_event_header header;
	__u32 size; /* of data */
	char data[];
};

struct lost_record {
	struct perf_event_header header;
	__u64 id;
	__u64 lost;
};

static void print_row(const char *wake, unsigned long long lost, const struct event *e)
{
	printf("%-5s %-6llu %-8u %-8u %s\n", wake, lost, e->pid, e->tid, e->comm);
}

static void print_sample(void *ctx, int cpu, void *data, __u32 size)
{
	/* TODO: print the row, with the number of the wake-up that brought it. */
	(void)print_row;
}

static void count_lost(void *ctx, int cpu, __u64 count)
{
	/* TODO: the rows that follow tell of this. */
}

static struct perf_buffer *open_buffer(int map_fd)
{
	/* TODO: this wakes us for every event; env.batch events shall be together first. Begin here: the
	 * two functions above may need other parameters then.
	 */
	return perf_buffer__new(map_fd, env.pages, print_sample, count_lost, NULL, NULL);
}

/* --- loop --- */
static int print_until_signal(struct perf_buffer *pb)
{
	int err;

	printf("%-5s %-6s %-8s %-8s %s\n", "WAKE", "LOST", "PID", "TID", "COMM");
	while (!exiting) {
		err = perf_buffer__poll(pb, 100 /* ms */);
		if (err < 0 && err != -EINTR)
			return explain("poll", err);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct perf_buffer *pb = NULL;
	struct perf_buffer_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = perf_buffer_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	skel->rodata->targ_uid = env.uid;

	/* --- load --- */
	err = perf_buffer_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- output --- */
	pb = open_buffer(bpf_map__fd(skel->maps.events));
	if (!pb) {
		err = explain("perf buffer", -errno);
		goto cleanup;
	}

	/* --- attach --- */
	err = perf_buffer_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	err = print_until_signal(pb);

	/* --- cleanup --- */
	perf_buffer_bpf__detach(skel);
	/* TODO: print what is still in the buffers, then what was lost that no row has told of. */
cleanup:
	perf_buffer__free(pb);
	perf_buffer_bpf__destroy(skel);
	return err ? 1 : 0;
}
