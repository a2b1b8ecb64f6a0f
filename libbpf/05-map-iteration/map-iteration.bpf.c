// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count write() calls per process. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "map-iteration.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

__u64 lost; /* calls of processes that the full map had no room for */

/* --- probe --- */
SEC("ksyscall/write")
int trace_write(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 zero = 0, *count;

	count = bpf_map_lookup_elem(&counts, &pid);
	if (!count) {
		bpf_map_update_elem(&counts, &pid, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&counts, &pid);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
