// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show which files processes open and how the processes end, and what was lost on the way. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "ring-buffer.h"
#include "ring-buffer.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	long uid;
	long pages;
	bool verbose;
} env = {
	.uid = ANY_UID,
	.pages = 64,
};

static const struct argp_option opts[] = {
	{ "uid", 'u', "UID", 0, "Only processes of this user", 0 },
	{ "pages", 'p', "N", 0, "Size of the ring buffer (default 64)", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'u':
		if (parse_number(arg, 0, ANY_UID - 1, &env.uid))
			argp_error(state, "--uid takes 0 to 4294967294, not '%s'", arg);
		return 0;
	case 'p':
		if (parse_number(arg, 1, 1 << 16, &env.pages))
			argp_error(state, "--pages takes 1 to 65536, not '%s'", arg);
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
	.doc = "Show which files processes open and how the processes end.",
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
#define MAX_DETAIL 40 /* columns; of more, the end is shown */

static void print_row(const char *kind, const struct event *e, const char *detail)
{
	size_t len = strlen(detail);
	bool cut = len > MAX_DETAIL;

	printf("%-5s %-8u %-5llu %-16s %s%s\n", kind, e->pid, e->lost, e->comm, cut ? "..." : "",
	       cut ? detail + len - (MAX_DETAIL - 3) : detail);
}

static int print_event(void *ctx, void *data, size_t size)
{
	/* TODO: print the row of the record's kind. What if `size` is less than that kind needs? */
	(void)print_row;
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-5s %-8s %-5s %-16s %s\n", "KIND", "PID", "LOST", "COMM", "DETAIL");
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
	struct ring_buffer_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = ring_buffer_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}
	/* TODO: the ring buffer has env.pages pages. */

	/* --- config --- */
	skel->rodata->targ_uid = env.uid;

	/* --- load --- */
	err = ring_buffer_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = ring_buffer_bpf__attach(skel);
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
	ring_buffer_bpf__detach(skel);
	/* TODO: print what is still in the buffer. Then say on stderr how many events were lost that no
	 * row has told of: `lost` less the LOST of the last row.
	 */
cleanup:
	ring_buffer__free(rb);
	ring_buffer_bpf__destroy(skel);
	return err ? 1 : 0;
}
