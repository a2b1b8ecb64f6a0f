// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each shmget(), shmat(), shmdt() and shmctl() call. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "port-a-tool.h"

/* --- config --- */
const volatile __u32 targ_tid = NO_ID;
const volatile __u32 targ_tgid = NO_ID;

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64);
	__type(value, struct start);
} starts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* calls that a full map or a full buffer had no room for */

/* --- helpers --- */
static __always_inline int enter(enum shm_call call, __u64 a, __u64 b, __u64 c)
{
	struct start start = { .args = { a, b, c }, .call = call };
	__u64 id = bpf_get_current_pid_tgid();

	if (targ_tid != NO_ID) {
		if ((__u32)id != targ_tid)
			return 0;
	} else if (targ_tgid != NO_ID && id >> 32 != targ_tgid) {
		return 0;
	}
	if (bpf_map_update_elem(&starts, &id, &start, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

static __always_inline int leave(__u64 ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct start *start = bpf_map_lookup_elem(&starts, &id);
	struct event *e;

	if (!start)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e) {
		e->id = id;
		e->time_us = bpf_ktime_get_ns() / 1000;
		e->call = start->call;
		__builtin_memcpy(e->args, start->args, sizeof(e->args));
		e->ret = ret;
		bpf_get_current_comm(e->comm, sizeof(e->comm));
		bpf_ringbuf_submit(e, 0);
	} else {
		__sync_fetch_and_add(&lost, 1);
	}
	bpf_map_delete_elem(&starts, &id);
	return 0;
}

/* --- probe --- */
SEC("ksyscall/shmget")
int BPF_KSYSCALL(enter_shmget, __u64 key, __u64 size, __u64 flags)
{
	return enter(SHMGET, key, size, flags);
}

SEC("ksyscall/shmat")
int BPF_KSYSCALL(enter_shmat, __u64 id, __u64 address, __u64 flags)
{
	return enter(SHMAT, id, address, flags);
}

SEC("ksyscall/shmdt")
int BPF_KSYSCALL(enter_shmdt, __u64 address)
{
	return enter(SHMDT, address, 0, 0);
}

SEC("ksyscall/shmctl")
int BPF_KSYSCALL(enter_shmctl, __u64 id, __u64 command, __u64 buffer)
{
	return enter(SHMCTL, id, command, buffer);
}

SEC("kretsyscall/shmget")
int BPF_KRETPROBE(return_shmget, __u64 ret)
{
	return leave(ret);
}

SEC("kretsyscall/shmat")
int BPF_KRETPROBE(return_shmat, __u64 ret)
{
	return leave(ret);
}

SEC("kretsyscall/shmdt")
int BPF_KRETPROBE(return_shmdt, __u64 ret)
{
	return leave(ret);
}

SEC("kretsyscall/shmctl")
int BPF_KRETPROBE(return_shmctl, __u64 ret)
{
	return leave(ret);
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
