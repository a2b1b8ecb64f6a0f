// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each file that is removed, or not: who wants it, and how it ends. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "fentry.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- helpers --- */
static __always_inline int send(struct dentry *dentry, int ret)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->result = ret;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_kernel_str(e->folder, sizeof(e->folder), dentry->d_parent->d_name.name);
	bpf_probe_read_kernel_str(e->name, sizeof(e->name), dentry->d_name.name);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- probe --- */
SEC("fexit/vfs_unlink")
int BPF_PROG(end, void *idmap, struct inode *dir, struct dentry *dentry, void *delegated, int ret)
{
	return send(dentry, ret);
}

/* Before 5.12, there is no idmap. */
SEC("fexit/vfs_unlink")
int BPF_PROG(end_3, struct inode *dir, struct dentry *dentry, void *delegated, int ret)
{
	return send(dentry, ret);
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
