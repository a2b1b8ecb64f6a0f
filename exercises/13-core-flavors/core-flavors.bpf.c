// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each read of a file that is in memory: who reads, for whom, and how much. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "core-flavors.h"

/* --- types --- */
/* TODO: describe what this program reads and vmlinux.h does not have. */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* reads that no row will tell of */

/* --- helpers --- */
static __always_inline enum kind kind_of(struct iov_iter *iter)
{
	/* TODO: tell what kind of memory the bytes go to, on each kernel. */
	return KIND_OTHER;
}

/* --- probe --- */
SEC("kprobe/shmem_file_read_iter")
int BPF_KPROBE(trace_read, struct kiocb *iocb, struct iov_iter *to)
{
	struct event *e;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->size = BPF_CORE_READ(to, count);
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->kind = kind_of(to);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
