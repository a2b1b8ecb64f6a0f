// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each SIGURG that is sent: the process that gets it, and its forebears. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "core-task.h"

#define SIGURG 23 /* asm/signal.h: vmlinux.h has types, no macros */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* signals that no row will tell of */

/* --- helpers --- */
/* TODO: find the process below process 1. */

/* --- probe --- */
SEC("raw_tp/signal_generate")
int BPF_PROG(trace_signal, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	struct event *e;

	/* TODO: leave when the signal is another one than SIGURG. */

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	/* TODO: fill every field of the record from `task`, whom the signal is for, and submit it. */
	bpf_ringbuf_discard(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
