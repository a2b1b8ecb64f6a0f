// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count openat() calls per process and command name. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "kprobe-counter.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ROWS);
	__type(key, struct row_key);
	__type(value, __u64);
} counts SEC(".maps");

__u64 lost; /* calls of rows that the full map had no room for */

/* --- probe --- */
SEC("ksyscall/openat")
int trace_openat(void *ctx)
{
	__u64 zero = 0, *count;
	struct row_key key = {}; /* on 6.1, what follows the name's NUL stays as it is */

	key.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(key.comm, sizeof(key.comm));

	count = bpf_map_lookup_elem(&counts, &key);
	if (!count) {
		/* Another thread may have been first: BPF_NOEXIST keeps what it counted. */
		bpf_map_update_elem(&counts, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&counts, &key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
