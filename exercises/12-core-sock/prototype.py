#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each TCP connection that is accepted: by whom, where, from whom.

# --- includes ---
import signal
import socket
import sys

from bcc import BPF

bpf_text = r"""
/* --- includes --- */
/* The kernel's headers want names of its newest bpf.h. BCC puts its own copy first, which in 0.31 is older. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define bpf_task_work bpf_timer
#define BPF_TRACE_FSESSION 101
#define BPF_TRACE_FENTRY_MULTI 102
#define BPF_TRACE_FEXIT_MULTI 103
#define BPF_TRACE_FSESSION_MULTI 104
#define BPF_F_CPU 8
#define BPF_F_ALL_CPUS 16
#define BPF_LOAD_ACQ 0x100
#define BPF_STORE_REL 0x110
#endif
#include <linux/in6.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

/* --- types --- */
struct event {
    u8 raddr[16];
    u32 pid;
    u32 version;
    u16 lport;
    u16 rport;
    char cc[TCP_CA_NAME_MAX];
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- helpers --- */
/* ::ffff:a.b.c.d is an IPv4 address in an IPv6 socket. */
static bool is_mapped(struct in6_addr *a)
{
    return !a->s6_addr32[0] && !a->s6_addr32[1] && a->s6_addr32[2] == htonl(0xffff);
}

/* --- probe --- */
int trace_accept(struct pt_regs *ctx)
{
    struct sock *sk = (struct sock *)PT_REGS_RC(ctx);
    struct inet_connection_sock *icsk = (struct inet_connection_sock *)sk;
    struct in6_addr a = {};
    struct event e = {};

    if (!sk)
        return 0;
    e.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(e.comm, sizeof(e.comm));
    e.lport = sk->__sk_common.skc_num;
    e.rport = sk->__sk_common.skc_dport;
    e.rport = ntohs(e.rport);
    bpf_probe_read_kernel(&a, sizeof(a), &sk->__sk_common.skc_v6_daddr);
    if (sk->__sk_common.skc_family == AF_INET6 && !is_mapped(&a)) {
        e.version = 6;
        __builtin_memcpy(e.raddr, &a, sizeof(a));
    } else {
        e.version = 4;
        *(u32 *)e.raddr = sk->__sk_common.skc_daddr;
    }
    bpf_probe_read_kernel_str(e.cc, sizeof(e.cc), icsk->icsk_ca_ops->name);
    events.perf_submit(ctx, &e, sizeof(e));
    return 0;
}
"""

# --- helpers ---
exiting = False


def sig_handler(signum, frame):
    global exiting
    exiting = True


signal.signal(signal.SIGINT, sig_handler)
signal.signal(signal.SIGTERM, sig_handler)

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- attach ---
b.attach_kretprobe(event="inet_csk_accept", fn_name="trace_accept")

# --- output ---
row = "%-7s %-3s %-5s %-30s %-5s %-10s %s"
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    if e.version == 4:
        raddr = socket.inet_ntop(socket.AF_INET, bytes(e.raddr)[:4])
    else:
        raddr = socket.inet_ntop(socket.AF_INET6, bytes(e.raddr))
    cc, comm = [name.decode("utf-8", "replace") for name in (e.cc, e.comm)]
    print(row % (e.pid, e.version, e.lport, raddr, e.rport, cc or "-", comm), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "IP", "LPORT", "RADDR", "RPORT", "CC", "COMM"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_kretprobe(event="inet_csk_accept")
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
