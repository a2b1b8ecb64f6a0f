// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show how many bytes a process's read() calls return, and which errors. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "hist.h"
#include "histograms.h"

/* --- types --- */
#define ERESTARTSYS 512 /* linux/errno.h; the kernel's own error numbers start here */

/* --- config --- */
const volatile __u32 targ_tgid = 0;

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LOG2_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} sizes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ERROR_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} errors SEC(".maps");

__u64 lost; /* calls that there is no slot for */

/* --- helpers --- */
/* BCC leaves out what has no slot, without a word. */
static __always_inline void increment(void *hist, __u32 slot)
{
	__u64 *count = bpf_map_lookup_elem(hist, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
}

/* --- probe --- */
SEC("tp/syscalls/sys_exit_read")
int trace_read(struct trace_event_raw_sys_exit *ctx)
{
	long ret = ctx->ret;

	if (bpf_get_current_pid_tgid() >> 32 != targ_tgid)
		return 0;
	if (ret >= 0)
		increment(&sizes, log2_slot(ret));
	else if (ret > -ERESTARTSYS)
		increment(&errors, -ret);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
