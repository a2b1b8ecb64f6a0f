// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each change of a file's mode: what was asked for, and what came of it. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "fentry.h"

#define ATTR_MODE 1 /* linux/fs.h */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* events that no row will tell of */

/* --- helpers --- */
static __always_inline int send(struct dentry *dentry, __u32 kind, __u32 mode, int result)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->kind = kind;
	e->mode = mode;
	e->result = result;
	bpf_probe_read_kernel_str(e->name, sizeof(e->name), dentry->d_name.name);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

static __always_inline int send_start(struct dentry *dentry, struct iattr *attr)
{
	return attr->ia_valid & ATTR_MODE ? send(dentry, START, attr->ia_mode, 0) : 0;
}

static __always_inline int send_end(struct dentry *dentry, struct iattr *attr, int ret)
{
	return attr->ia_valid & ATTR_MODE ? send(dentry, END, dentry->d_inode->i_mode, ret) : 0;
}

/* --- probe --- */
SEC("fentry/notify_change")
int BPF_PROG(start, void *idmap, struct dentry *dentry, struct iattr *attr)
{
	return send_start(dentry, attr);
}

SEC("fexit/notify_change")
int BPF_PROG(end, void *idmap, struct dentry *dentry, struct iattr *attr, void *delegated, int ret)
{
	return send_end(dentry, attr, ret);
}

/* Before 5.12, there is no idmap. */
SEC("fentry/notify_change")
int BPF_PROG(start_3, struct dentry *dentry, struct iattr *attr)
{
	return send_start(dentry, attr);
}

SEC("fexit/notify_change")
int BPF_PROG(end_3, struct dentry *dentry, struct iattr *attr, void *delegated, int ret)
{
	return send_end(dentry, attr, ret);
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
