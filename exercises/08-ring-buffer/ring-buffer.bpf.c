// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show which files processes open and how the processes end, and what was lost on the way. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "ring-buffer.h"

/* --- config --- */
const volatile __u32 targ_uid = ANY_UID;

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* A path does not fit on the stack of 512 bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct open_event);
} scratch SEC(".maps");

__u64 lost;

/* --- helpers --- */
static __always_inline bool wanted(void)
{
	return targ_uid == ANY_UID || (__u32)bpf_get_current_uid_gid() == targ_uid;
}

/* TODO: fill in what every record begins with. */

/* --- probe --- */
SEC("tp/syscalls/sys_enter_openat")
int trace_open(struct trace_event_raw_sys_enter *ctx)
{
	if (!wanted())
		return 0;
	/* TODO: send the path that the process hands to the kernel. Only what the path needs may
	 * travel, a path that cannot be read is an empty one, and what does not get through is
	 * counted.
	 */
	return 0;
}

SEC("tp/sched/sched_process_exit")
int trace_exit(void *ctx)
{
	if (!wanted())
		return 0;
	/* TODO: tell how the process ended: its exit code, or the signal that killed it. This fires
	 * for each thread that ends; only the main thread's end is the process's. What does not get
	 * through is counted.
	 */
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
