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
/* TODO: tell which version of IP the client used, and its address. */

/* --- probe --- */
SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(trace_accept, struct sock *sk)
{
	struct event *e;

	/* TODO: leave when there is no connection. */

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	/* TODO: fill every field of the record from `sk`, the connection's socket, and submit it. */
	bpf_ringbuf_discard(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
