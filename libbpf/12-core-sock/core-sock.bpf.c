// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each TCP connection that is begun: by whom, from where, where to. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "core-sock.h"

#define AF_INET	 2 /* linux/socket.h, as the next one */
#define AF_INET6 10

/* --- maps --- */
struct call {
	struct sock *sk;
	void *to; /* a struct sockaddr_in or sockaddr_in6 in the kernel's memory */
};

/* What each thread that is connecting was called with, by bpf_get_current_pid_tgid(). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- helpers --- */
static __always_inline void read_socket(struct event *e, struct sock *sk)
{
	e->lport = BPF_CORE_READ(sk, __sk_common.skc_num);
	e->rport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (e->family == AF_INET) {
		BPF_CORE_READ_INTO(&e->laddr.v4, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO(&e->raddr.v4, sk, __sk_common.skc_daddr);
	} else {
		BPF_CORE_READ_INTO(&e->laddr.v6, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&e->raddr.v6, sk, __sk_common.skc_v6_daddr);
	}
}

/* The socket of a failed call holds nothing to go by; what was asked for does. */
static __always_inline void read_request(struct event *e, void *to)
{
	struct sockaddr_in *v4 = to;
	struct sockaddr_in6 *v6 = to;

	e->rport = bpf_ntohs(BPF_CORE_READ(v4, sin_port)); /* v6 has it at the same place */
	if (e->family == AF_INET)
		BPF_CORE_READ_INTO(&e->raddr.v4, v4, sin_addr.s_addr);
	else
		BPF_CORE_READ_INTO(&e->raddr.v6, v6, sin6_addr);
}

/* --- probe --- */
static __always_inline int leave(__u16 family, int result)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &id);
	struct sock *sk;
	struct event *e;

	if (!call)
		return 0;
	sk = call->sk;
	/* A call of the other family is this one's caller, and has yet to return. */
	if (BPF_CORE_READ(sk, __sk_common.skc_family) != family)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e) {
		e->pid = id >> 32;
		e->owner = BPF_CORE_READ(sk, sk_uid.val);
		e->result = result;
		e->family = family;
		bpf_get_current_comm(e->comm, sizeof(e->comm));
		if (result)
			read_request(e, call->to);
		else
			read_socket(e, sk);
		bpf_ringbuf_submit(e, 0);
	} else {
		__sync_fetch_and_add(&lost, 1);
	}
	bpf_map_delete_elem(&calls, &id);
	return 0;
}

SEC("kretprobe/tcp_v4_connect")
int BPF_KRETPROBE(leave_v4, int result)
{
	return leave(AF_INET, result);
}

SEC("kretprobe/tcp_v6_connect")
int BPF_KRETPROBE(leave_v6, int result)
{
	return leave(AF_INET6, result);
}

static __always_inline int enter(__u16 family, struct sock *sk, void *to)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call call = { .sk = sk, .to = to };

	/* tcp_v6_connect() calls tcp_v4_connect() when the address is ::ffff:a.b.c.d. */
	if (BPF_CORE_READ(sk, __sk_common.skc_family) != family)
		return 0;
	if (bpf_map_update_elem(&calls, &id, &call, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

SEC("kprobe/tcp_v4_connect")
int BPF_KPROBE(enter_v4, struct sock *sk, void *to)
{
	return enter(AF_INET, sk, to);
}

SEC("kprobe/tcp_v6_connect")
int BPF_KPROBE(enter_v6, struct sock *sk, void *to)
{
	return enter(AF_INET6, sk, to);
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
