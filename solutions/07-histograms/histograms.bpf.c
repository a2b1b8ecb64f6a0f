// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show how long each process's poll() calls take, as two histograms. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "hist.h"
#include "histograms.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u32);
	__type(value, __u64);
} start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct hist);
} hists SEC(".maps");

__u64 lost; /* calls that a full map had no room for */

/* --- helpers --- */
static struct hist no_calls; /* too large for the stack */

static __always_inline struct hist *hist_of(__u32 pid)
{
	struct hist *hist = bpf_map_lookup_elem(&hists, &pid);

	if (hist)
		return hist;
	bpf_map_update_elem(&hists, &pid, &no_calls, BPF_NOEXIST);
	return bpf_map_lookup_elem(&hists, &pid);
}

/* --- probe --- */
SEC("tp/syscalls/sys_enter_poll")
int trace_enter(struct trace_event_raw_sys_enter *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();

	if (bpf_map_update_elem(&start, &tid, &now, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

SEC("tp/syscalls/sys_exit_poll")
int trace_exit(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), ms, *begin, slot;
	__u32 tid = (__u32)id;
	struct hist *hist;

	begin = bpf_map_lookup_elem(&start, &tid);
	if (!begin)
		return 0; /* it began before we looked */
	ms = (bpf_ktime_get_ns() - *begin) / 1000000;
	bpf_map_delete_elem(&start, &tid);
	if (ctx->ret < 0)
		return 0;
	hist = hist_of(id >> 32);
	if (!hist) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	__sync_fetch_and_add(&hist->log2[log2_slot(ms)], 1);
	slot = ms / STEP_MS;
	if (slot > LINEAR_SLOTS - 1)
		slot = LINEAR_SLOTS - 1;
	__sync_fetch_and_add(&hist->linear[slot], 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
