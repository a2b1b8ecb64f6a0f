// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each shmget(), shmat(), shmdt() and shmctl() call. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <bpf/libbpf.h>
#include "port-a-tool.h"
#include "port-a-tool.skel.h"
#include "tool.h"

/* --- args --- */
#define MAX_ID	     (1 << 22)
#define MAX_DURATION 1000000000 /* seconds */

static struct env {
	long pid, tid, duration;
	const char *name;
	bool timestamp, verbose;
} env = {
	.pid = NO_ID,
	.tid = NO_ID,
};

static const struct argp_option opts[] = {
	{ "timestamp", 'T', NULL, 0, "Add the time since the first event", 0 },
	{ "pid", 'p', "PID", 0, "Only this process", 0 },
	{ "tid", 't', "TID", 0, "Only this thread", 0 },
	{ "duration", 'd', "SECONDS", 0, "End after this time", 0 },
	{ "name", 'n', "TEXT", 0, "Only threads whose names contain this", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'T':
		env.timestamp = true;
		return 0;
	case 'p':
		if (parse_number(arg, 1, MAX_ID, &env.pid))
			argp_error(state, "--pid takes 1 to %d, not '%s'", MAX_ID, arg);
		return 0;
	case 't':
		if (parse_number(arg, 1, MAX_ID, &env.tid))
			argp_error(state, "--tid takes 1 to %d, not '%s'", MAX_ID, arg);
		return 0;
	case 'd':
		if (parse_number(arg, 1, MAX_DURATION, &env.duration))
			argp_error(state, "--duration takes 1 to %d, not '%s'", MAX_DURATION, arg);
		return 0;
	case 'n':
		env.name = arg;
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
	.doc = "Show each shmget(), shmat(), shmdt() and shmctl() call.",
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

static long seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* --- output --- */
struct flag {
	__u64 value;
	const char *name;
};

static const struct flag get_flags[] = {
	{ 01000, "IPC_CREAT" },	      { 02000, "IPC_EXCL" },
	{ 04000, "SHM_HUGETLB" },     { 21 << 26, "SHM_HUGE_2MB" },
	{ 30 << 26, "SHM_HUGE_1GB" }, { 010000, "SHM_NORESERVE" },
	{ 0100000, "SHM_EXEC" },      { 0 },
};

static const struct flag at_flags[] = {
	{ 010000, "SHM_RDONLY" },
	{ 020000, "SHM_RND" },
	{ 040000, "SHM_REMAP" },
	{ 0100000, "SHM_EXEC" },
	{ 0 },
};

/* A flag is named for any of its bits, and takes all of them away from those behind it: as the script
 * does, whose filter() is lazy.
 */
static void print_flags(__u64 value, const struct flag *flags)
{
	const char *between = "";

	printf("0x%llx", value);
	if (!value)
		return;
	printf(" (");
	for (; flags->name; flags++) {
		if (!(value & flags->value))
			continue;
		printf("%s%s", between, flags->name);
		value &= ~flags->value;
		between = "|";
	}
	if (value)
		printf("%s0%llo", between, value);
	printf(")");
}

static void print_args(const struct event *e)
{
	const __u64 *args = e->args;

	switch (e->call) {
	case SHMGET:
		printf("key: 0x%llx, size: %llu, shmflg: ", args[0], args[1]);
		print_flags(args[2], get_flags);
		break;
	case SHMAT:
		printf("shmid: 0x%llx, shmaddr: 0x%llx, shmflg: ", args[0], args[1]);
		print_flags(args[2], at_flags);
		break;
	case SHMDT:
		printf("shmaddr: 0x%llx", args[0]);
		break;
	case SHMCTL:
		printf("shmid: 0x%llx, cmd: %llu, buf: 0x%llx", args[0], args[1], args[2]);
		break;
	}
	printf("\n");
}

static int print_event(void *ctx, void *data, size_t size)
{
	static const char *const names[] = { "SHMGET", "SHMAT", "SHMDT", "SHMCTL" };
	static __u64 first_us;
	const struct event *e = data;

	if (size < sizeof(*e))
		return -EINVAL;
	if (!first_us)
		first_us = e->time_us;
	if (env.name && !strstr(e->comm, env.name))
		return 0;
	if (env.timestamp)
		printf("%-14.9f", (e->time_us - first_us) / 1e6);
	printf("%-6u %-16s %6s %16llx ", env.tid ? (__u32)e->id : (__u32)(e->id >> 32), e->comm,
	       names[e->call], e->ret);
	print_args(e);
	return 0;
}

/* --- loop --- */
static int print_events(struct ring_buffer *rb)
{
	long end = seconds() + env.duration;
	int err;

	if (env.timestamp)
		printf("%-14s", "TIME(s)");
	printf("%-6s %-16s %6s %16s ARGs\n", env.tid ? "TID" : "PID", "COMM", "SYS", "RET");
	while (!exiting && (!env.duration || seconds() < end)) {
		err = ring_buffer__poll(rb, 100 /* ms */);
		if (err < 0 && err != -EINTR)
			return explain("poll", err);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct port_a_tool_bpf *skel;
	struct ring_buffer *rb = NULL;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = port_a_tool_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	skel->rodata->targ_tid = env.tid;
	skel->rodata->targ_tgid = env.pid;

	/* --- load --- */
	err = port_a_tool_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = port_a_tool_bpf__attach(skel);
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
	err = print_events(rb);

	/* --- cleanup --- */
	port_a_tool_bpf__detach(skel);
	if (!err) {
		err = ring_buffer__consume(rb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	port_a_tool_bpf__destroy(skel);
	return err ? 1 : 0;
}
