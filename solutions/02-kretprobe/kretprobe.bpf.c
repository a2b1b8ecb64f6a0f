// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Add up the bytes that read() returned, per process and file descriptor. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "kretprobe.h"

/* --- maps --- */
/* The descriptor that each thread that is in read() asked for, by bpf_get_current_pid_tgid(). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64);
	__type(value, __u32);
} starts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ROWS);
	__type(key, struct row_key);
	__type(value, __u64);
} bytes SEC(".maps");

__u64 lost; /* calls that one of the full maps had no room for */

/* --- helpers --- */
static __always_inline void add_bytes(const struct row_key *key, __u64 n)
{
	__u64 zero = 0, *sum;

	sum = bpf_map_lookup_elem(&bytes, key);
	if (!sum) {
		bpf_map_update_elem(&bytes, key, &zero, BPF_NOEXIST);
		sum = bpf_map_lookup_elem(&bytes, key);
	}
	if (sum)
		__sync_fetch_and_add(sum, n);
	else
		__sync_fetch_and_add(&lost, 1);
}

/* --- probe --- */
SEC("kretsyscall/read")
int BPF_KRETPROBE(return_read, long ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 *fd;

	fd = bpf_map_lookup_elem(&starts, &id);
	if (!fd)
		return 0; /* the call began before this tool, or found no room in the map */
	if (ret > 0) {
		struct row_key key = { .pid = id >> 32, .fd = *fd };

		add_bytes(&key, ret);
	}
	bpf_map_delete_elem(&starts, &id); /* failed calls have ended, too */
	return 0;
}

SEC("ksyscall/read")
int BPF_KSYSCALL(enter_read, unsigned int fd)
{
	__u64 id = bpf_get_current_pid_tgid();

	/* BPF_ANY: what is there belongs to a call whose return was missed. */
	if (bpf_map_update_elem(&starts, &id, &fd, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
