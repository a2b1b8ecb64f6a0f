// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show what each signal finds: the state of the thread that it is for, and its user's queue. */

/* --- includes --- */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "core-flavors.h"
#include "core-flavors.skel.h"
#include "tool.h"

/* --- types --- */
/* Bits of a task's state, from linux/sched.h: macros, which BTF has not. */
enum {
	TASK_REPORT = 0x7f,
	TASK_IDLE = 0x402,
};

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
	.doc = "Show what each signal finds: a thread's state, its slice and its user's queue.",
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
/* Gives CONFIG_HZ its value, so that libbpf need not find the kernel's configuration. */
static struct core_flavors_bpf *open_with_hz(void)
{
	char kconfig[32];
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kconfig = kconfig);
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick))
		return NULL;
	snprintf(kconfig, sizeof(kconfig), "CONFIG_HZ=%ld", 1000000000 / tick.tv_nsec);
	return core_flavors_bpf__open_opts(&opts);
}

/* Two programs are for one function: 5.10 calls it send_signal, 6.1 send_signal_locked. */
static int choose_program(struct core_flavors_bpf *skel)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool renamed;

	if (!btf)
		return explain("BTF of the kernel", -errno);
	renamed = btf__find_by_name_kind(btf, "send_signal_locked", BTF_KIND_FUNC) > 0;
	btf__free(btf);
	bpf_program__set_autoload(skel->progs.send_signal, !renamed);
	bpf_program__set_autoload(skel->progs.send_signal_locked, renamed);
	return 0;
}

/* --- output --- */
static char state_letter(__u32 state)
{
	unsigned bits = state & TASK_REPORT;

	if ((state & TASK_IDLE) == TASK_IDLE)
		return 'I';
	return "RSDTtXZP"[bits ? 32 - __builtin_clz(bits) : 0];
}

static int print_event(void *ctx, void *data, size_t size)
{
	const struct event *e = data;

	if (size < sizeof(*e))
		return -EINVAL;
	printf("%-7u %-7u %-4u %-6c %-6u %u\n", e->pid, e->tid, e->sig, state_letter(e->state),
	       e->slice, e->pending);
	return 0;
}

/* --- loop --- */
static int print_until_signal(struct ring_buffer *rb)
{
	int err;

	printf("%-7s %-7s %-4s %-6s %-6s %s\n", "PID", "TID", "SIG", "STATE", "SLICE", "PENDING");
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
	struct core_flavors_bpf *skel;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);

	/* --- open --- */
	skel = open_with_hz();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}
	err = choose_program(skel);
	if (err)
		goto cleanup;

	/* --- load --- */
	err = core_flavors_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = core_flavors_bpf__attach(skel);
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
	core_flavors_bpf__detach(skel);
	if (!err) {
		err = ring_buffer__consume(rb);
		err = err < 0 ? explain("consume", err) : 0;
	}
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	ring_buffer__free(rb);
	core_flavors_bpf__destroy(skel);
	return err ? 1 : 0;
}
