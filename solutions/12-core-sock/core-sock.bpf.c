// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each TCP connection that is accepted: by whom, where, from whom. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "core-sock.h"

#define AF_INET6 10 /* linux/socket.h */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* connections that no row will tell of */

/* --- helpers --- */
/* ::ffff:a.b.c.d is an IPv4 address in an IPv6 socket. */
static __always_inline bool is_mapped(const struct in6_addr *a)
{
	const __u32 *word = a->in6_u.u6_addr32;

	return !word[0] && !word[1] && word[2] == bpf_htonl(0xffff);
}

static __always_inline void read_peer(struct event *e, struct sock *sk)
{
	struct in6_addr a;

	BPF_CORE_READ_INTO(&a, sk, __sk_common.skc_v6_daddr);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6 && !is_mapped(&a)) {
		e->version = 6;
		__builtin_memcpy(e->raddr.v6, &a, sizeof(a));
	} else {
		e->version = 4;
		e->raddr.v4 = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	}
}

/* --- probe --- */
SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(trace_accept, struct sock *sk)
{
	/* The kernel's inet_csk(): the larger struct begins with the socket. */
	struct inet_connection_sock *icsk = (void *)sk;
	struct event *e;

	if (!sk)
		return 0; /* the call failed */
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	e->lport = BPF_CORE_READ(sk, __sk_common.skc_num);
	e->rport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	read_peer(e, sk);
	BPF_CORE_READ_STR_INTO(&e->cc, icsk, icsk_ca_ops, name);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
