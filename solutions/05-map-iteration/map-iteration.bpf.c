// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count write() calls per process. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "map-iteration.h"

/* --- config --- */
const volatile __u32 targ_uid = ANY_UID;

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_WRITERS);
	__type(key, __u32);
	__type(value, struct tally);
} writers SEC(".maps");

__u64 lost; /* calls of processes that the full map had no room for */

/* --- probe --- */
SEC("ksyscall/write")
int trace_write(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct tally new = {}, *tally;

	if (targ_uid != ANY_UID && (__u32)bpf_get_current_uid_gid() != targ_uid)
		return 0;
	tally = bpf_map_lookup_elem(&writers, &pid);
	if (!tally) {
		bpf_get_current_comm(new.comm, sizeof(new.comm));
		bpf_map_update_elem(&writers, &pid, &new, BPF_NOEXIST);
		tally = bpf_map_lookup_elem(&writers, &pid);
	}
	if (tally)
		__sync_fetch_and_add(&tally->calls, 1);
	else
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
