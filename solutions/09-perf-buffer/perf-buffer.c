// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each thread that ends, with as few wake-ups as the user likes. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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
	__u32 size; /* of data, up to 7 bytes more than what was sent */
	char data[];
};

struct lost_record {
	struct perf_event_header header;
	__u64 id;
	__u64 lost;
};

static char brought_by[16];	/* the number of a wake-up, or "end" */
static unsigned long long told; /* lost events that the next row tells of */

static void print_row(const char *wake, unsigned long long lost, const struct event *e)
{
	printf("%-5s %-6llu %-8u %-8u %s\n", wake, lost, e->pid, e->tid, e->comm);
}

static enum bpf_perf_event_ret handle_record(void *ctx, int cpu, struct perf_event_header *header)
{
	const struct sample_record *sample = (void *)header;
	const struct lost_record *lost = (void *)header;

	if (header->type == PERF_RECORD_LOST)
		told += lost->lost;
	else if (header->type == PERF_RECORD_SAMPLE && sample->size >= sizeof(struct event))
		print_row(brought_by, told, (const struct event *)sample->data);
	else
		return LIBBPF_PERF_EVENT_ERROR;
	return LIBBPF_PERF_EVENT_CONT;
}

static struct perf_buffer *open_buffer(int map_fd)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = env.batch,
	};

	return perf_buffer__new_raw(map_fd, env.pages, &attr, handle_record, NULL, NULL);
}

/* --- loop --- */
static int print_until_signal(struct perf_buffer *pb)
{
	int err, wakes = 1;

	printf("%-5s %-6s %-8s %-8s %s\n", "WAKE", "LOST", "PID", "TID", "COMM");
	while (!exiting) {
		snprintf(brought_by, sizeof(brought_by), "%d", wakes);
		err = perf_buffer__poll(pb, 100 /* ms */);
		if (err < 0 && err != -EINTR)
			return explain("poll", err);
		wakes += err > 0;
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
	if (!err) {
		strcpy(brought_by, "end");
		err = perf_buffer__consume(pb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost > told)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost - told);
cleanup:
	perf_buffer__free(pb);
	perf_buffer_bpf__destroy(skel);
	return err ? 1 : 0;
}
