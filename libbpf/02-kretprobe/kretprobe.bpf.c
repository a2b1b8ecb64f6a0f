// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the results of openat() per process and access mode. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "kretprobe.h"

#define O_ACCMODE 3 /* asm-generic/fcntl.h */

/* --- maps --- */
/* What each thread that is in openat() asked for, by bpf_get_current_pid_tgid(). */
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
} counts SEC(".maps");

__u64 lost; /* calls that one of the full maps had no room for */

/* --- helpers --- */
static __always_inline void count_call(__u64 id, __u32 mode, int result)
{
	struct row_key key = { .pid = id >> 32, .mode = mode, .result = result };
	__u64 zero = 0, *count;

	count = bpf_map_lookup_elem(&counts, &key);
	if (!count) {
		bpf_map_update_elem(&counts, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&counts, &key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
}

/* --- probe --- */
SEC("kretsyscall/openat")
int BPF_KRETPROBE(return_openat, int ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 *mode;

	mode = bpf_map_lookup_elem(&starts, &id);
	if (!mode)
		return 0; /* the call began before this tool, or found no room in the map */
	count_call(id, *mode, ret < 0 ? ret : 0);
	bpf_map_delete_elem(&starts, &id);
	return 0;
}

SEC("ksyscall/openat")
int BPF_KSYSCALL(enter_openat, int dfd, const char *path, int flags)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 mode = flags & O_ACCMODE, *missed;

	/* Nobody took it away: the return from this thread's last call was missed. */
	missed = bpf_map_lookup_elem(&starts, &id);
	if (missed)
		count_call(id, *missed, NO_RETURN);
	if (bpf_map_update_elem(&starts, &id, &mode, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
