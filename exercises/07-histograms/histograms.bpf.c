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
	__type(value, __u64); /* TODO: this has room for one number, not for two histograms. */
} hists SEC(".maps");

__u64 lost; /* calls that a full map had no room for */

/* --- helpers --- */
/* TODO: find a process's histograms, or make them. */

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
	__u64 ms, *begin;
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	begin = bpf_map_lookup_elem(&start, &tid);
	if (!begin)
		return 0; /* it began before we looked */
	ms = (bpf_ktime_get_ns() - *begin) / 1000000;
	bpf_map_delete_elem(&start, &tid);
	/* TODO: leave out what does not count. */
	/* TODO: find the process's histograms; where there is no room for them, count in `lost`. */
	/* TODO: count the call in both of them. */
	(void)ms;
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
