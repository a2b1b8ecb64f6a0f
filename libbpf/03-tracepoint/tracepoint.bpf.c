// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each openat() call: who made it, with which flags, and the path. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "tracepoint.h"

#define O_RDONLY  00 /* asm-generic/fcntl.h: vmlinux.h has types, no macros */
#define O_ACCMODE 03

/* --- config --- */
const volatile __u32 targ_uid = ANY_UID;
const volatile bool writers_only;

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- probe --- */
SEC("tp/syscalls/sys_enter_openat")
int trace_openat(struct trace_event_raw_sys_enter *ctx)
{
	const char *path = (const char *)ctx->args[1];
	int flags = ctx->args[2]; /* an int is the lower half of its register */
	struct event *e;

	if (targ_uid != ANY_UID && (__u32)bpf_get_current_uid_gid() != targ_uid)
		return 0;
	if (writers_only && (flags & O_ACCMODE) == O_RDONLY)
		return 0;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->flags = flags;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	/* What cannot be read is an empty path: the helper zeroes it. */
	bpf_probe_read_user_str(e->path, sizeof(e->path), path);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
