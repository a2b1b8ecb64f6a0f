// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each ftruncate() call: which process gives which of its files what length. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "perf-buffer.h"
#include "perf-buffer.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long pages;
	bool perf;
	bool verbose;
} env = {
	.pages = 64,
};

static const struct argp_option opts[] = {
	{ "pages", 'n', "N", 0, "Pages of the ring buffer, or of each CPU's (default 64)", 0 },
	{ "perf", 'p', NULL, 0, "Use perf buffers even if the kernel has ring buffers", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'n':
		if (parse_number(arg, 1, 1 << 16, &env.pages) || env.pages & (env.pages - 1))
			argp_error(state, "--pages takes a power of two up to 65536, not '%s'",
				   arg);
		return 0;
	case 'p':
		env.perf = true;
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
	.doc = "Show each ftruncate() call: which process gives which of its files what length.",
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

/* --- config --- */
/* Makes the map a ring buffer, and lets the program call the helper that goes with it. */
static int choose_buffer(struct perf_buffer_bpf *skel)
{
	struct bpf_map *events = skel->maps.events;
	int err;

	if (env.perf || libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) != 1)
		return 0;
	skel->rodata->use_ringbuf = true;
	err = bpf_map__set_type(events, BPF_MAP_TYPE_RINGBUF);
	err = err ?: bpf_map__set_key_size(events, 0);
	err = err ?: bpf_map__set_value_size(events, 0);
	err = err ?: bpf_map__set_max_entries(events, env.pages * sysconf(_SC_PAGESIZE));
	return err;
}

/* --- output --- */
static struct ring_buffer *rb; /* one of the two is open */
static struct perf_buffer *pb;

static int print_event(void *ctx, void *data, size_t size)
{
	struct event e;

	if (size < sizeof(e))
		return -EINVAL;
	memcpy(&e, data, sizeof(e)); /* in a perf buffer, `data` is not aligned for __s64 */
	printf("%-8u %-6d %-20lld %s\n", e.pid, e.fd, e.length, e.comm);
	return 0;
}

static void print_sample(void *ctx, int cpu, void *data, __u32 size)
{
	if (print_event(ctx, data, size))
		fprintf(stderr, "CPU %d: a record of %u bytes is too short\n", cpu, size);
}

static void print_lost(void *ctx, int cpu, __u64 count)
{
	fprintf(stderr, "CPU %d: %llu calls are missing here\n", cpu, count);
}

static int open_buffer(struct perf_buffer_bpf *skel)
{
	int fd = bpf_map__fd(skel->maps.events);

	if (skel->rodata->use_ringbuf)
		rb = ring_buffer__new(fd, print_event, NULL, NULL);
	else
		pb = perf_buffer__new(fd, env.pages, print_sample, print_lost, NULL, NULL);
	return rb || pb ? 0 : -errno;
}

/* --- loop --- */
#define POLL_MS 100

static int print_until_signal(void)
{
	int err;

	printf("%-8s %-6s %-20s %s\n", "PID", "FD", "LENGTH", "COMM");
	while (!exiting) {
		err = rb ? ring_buffer__poll(rb, POLL_MS) : perf_buffer__poll(pb, POLL_MS);
		if (err < 0 && err != -EINTR)
			return explain("poll", err);
	}
	return 0;
}

int main(int argc, char **argv)
{
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
	err = choose_buffer(skel);
	if (err) {
		explain("events: make it a ring buffer", err);
		goto cleanup;
	}

	/* --- load --- */
	err = perf_buffer_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- output --- */
	err = open_buffer(skel);
	if (err) {
		explain("events: open the buffer", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = perf_buffer_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	err = print_until_signal();

	/* --- cleanup --- */
	perf_buffer_bpf__detach(skel);
	if (!err) {
		err = rb ? ring_buffer__consume(rb) : perf_buffer__consume(pb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	perf_buffer__free(pb);
	perf_buffer_bpf__destroy(skel);
	return err ? 1 : 0;
}
