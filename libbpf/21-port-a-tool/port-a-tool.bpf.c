// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show the files that processes read and write most. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "port-a-tool.h"

#define S_IFMT	0170000 /* linux/stat.h */
#define S_IFREG 0100000

/* --- config --- */
const volatile __u32 targ_tgid = NO_PID;
const volatile __u32 targ_uid = ANY_UID;
const volatile bool all_types;

/* --- maps --- */
/* The file that a thread is reading or writing, by bpf_get_current_pid_tgid(). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u64);
	__type(value, struct file *);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_FILES);
	__type(key, struct file_key);
	__type(value, struct tally);
} files SEC(".maps");

__u64 lost; /* calls that one of the full maps had no room for */

/* --- helpers --- */
static __always_inline int enter(struct file *file)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (targ_tgid != NO_PID && id >> 32 != targ_tgid)
		return 0;
	if (targ_uid != ANY_UID && (__u32)bpf_get_current_uid_gid() != targ_uid)
		return 0;
	if (!all_types && (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFREG)
		return 0;
	if (bpf_map_update_elem(&calls, &id, &file, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

static __always_inline struct tally *find_tally(struct file *file, __u32 pid)
{
	struct file_key key = { .pid = pid };
	struct tally new = {}, *tally;

	key.inode = BPF_CORE_READ(file, f_inode, i_ino);
	key.dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	tally = bpf_map_lookup_elem(&files, &key);
	if (tally)
		return tally;
	bpf_probe_read_kernel_str(new.name, sizeof(new.name),
				  BPF_CORE_READ(file, f_path.dentry, d_name.name));
	bpf_map_update_elem(&files, &key, &new, BPF_NOEXIST);
	return bpf_map_lookup_elem(&files, &key);
}

/* The file's tally, NULL when the call is not to be counted. */
static __always_inline struct tally *leave(long ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct file **file = bpf_map_lookup_elem(&calls, &id);
	struct tally *tally;

	if (!file)
		return NULL;
	tally = find_tally(*file, id >> 32);
	bpf_map_delete_elem(&calls, &id);
	if (!tally)
		__sync_fetch_and_add(&lost, 1);
	else if (ret < 0)
		__sync_fetch_and_add(&tally->failed, 1);
	return tally;
}

/* --- probe --- */
SEC("kretprobe/vfs_read")
int BPF_KRETPROBE(return_read, long ret)
{
	struct tally *tally = leave(ret);

	if (!tally)
		return 0;
	__sync_fetch_and_add(&tally->reads, 1);
	if (ret > 0)
		__sync_fetch_and_add(&tally->rbytes, ret);
	return 0;
}

SEC("kretprobe/vfs_write")
int BPF_KRETPROBE(return_write, long ret)
{
	struct tally *tally = leave(ret);

	if (!tally)
		return 0;
	__sync_fetch_and_add(&tally->writes, 1);
	if (ret > 0)
		__sync_fetch_and_add(&tally->wbytes, ret);
	return 0;
}

SEC("kprobe/vfs_read")
int BPF_KPROBE(enter_read, struct file *file)
{
	return enter(file);
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(enter_write, struct file *file)
{
	return enter(file);
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
