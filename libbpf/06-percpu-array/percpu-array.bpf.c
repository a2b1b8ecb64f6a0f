// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count calls of read(), write(), openat() and close() on each CPU. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "percpu-array.h"

/* --- config --- */
const volatile __u32 targ_tgid; /* 0: all processes */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_CALLS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

/* --- helpers --- */
static __always_inline int count_call(__u32 call)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 *count;

	if (targ_tgid && pid != targ_tgid)
		return 0;
	count = bpf_map_lookup_elem(&counts, &call);
	if (count)
		(*count)++; /* not atomic: no other CPU has this slot */
	return 0;
}

/* --- probe --- */
SEC("tp/syscalls/sys_enter_read")
int trace_read(void *ctx)
{
	return count_call(CALL_READ);
}

SEC("tp/syscalls/sys_enter_write")
int trace_write(void *ctx)
{
	return count_call(CALL_WRITE);
}

SEC("tp/syscalls/sys_enter_openat")
int trace_openat(void *ctx)
{
	return count_call(CALL_OPENAT);
}

SEC("tp/syscalls/sys_enter_close")
int trace_close(void *ctx)
{
	return count_call(CALL_CLOSE);
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
