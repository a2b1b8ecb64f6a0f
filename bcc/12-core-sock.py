#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each TCP connection that is begun: by whom, from where, where to.

# --- includes ---
import errno
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
#endif
#include <linux/in6.h>
#include <net/sock.h>

/* --- types --- */
struct event {
    u8 laddr[16];
    u8 raddr[16];
    u32 pid;
    u32 owner;
    int result;
    u32 family;
    u16 lport;
    u16 rport;
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
struct call {
    struct sock *sk;
    void *to;
};

BPF_HASH(calls, u64, struct call, 1024);
BPF_PERF_OUTPUT(events);

/* --- helpers --- */
#define READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), from)

static void read_socket(struct event *e, struct sock *sk)
{
    READ(e->lport, &sk->__sk_common.skc_num);
    READ(e->rport, &sk->__sk_common.skc_dport);
    e->rport = ntohs(e->rport);
    if (e->family == AF_INET) {
        READ(*(u32 *)e->laddr, &sk->__sk_common.skc_rcv_saddr);
        READ(*(u32 *)e->raddr, &sk->__sk_common.skc_daddr);
    } else {
        READ(e->laddr, &sk->__sk_common.skc_v6_rcv_saddr);
        READ(e->raddr, &sk->__sk_common.skc_v6_daddr);
    }
}

static void read_request(struct event *e, void *to)
{
    struct sockaddr_in *v4 = to;
    struct sockaddr_in6 *v6 = to;

    READ(e->rport, &v4->sin_port);
    e->rport = ntohs(e->rport);
    if (e->family == AF_INET)
        READ(*(u32 *)e->raddr, &v4->sin_addr);
    else
        READ(e->raddr, &v6->sin6_addr);
}

/* --- probe --- */
static int leave(struct pt_regs *ctx, u16 family)
{
    u64 id = bpf_get_current_pid_tgid();
    struct call *call = calls.lookup(&id);
    struct event e = {};
    struct sock *sk;
    u16 its_family = 0;

    if (!call)
        return 0;
    sk = call->sk;
    READ(its_family, &sk->__sk_common.skc_family);
    if (its_family != family)
        return 0;
    e.pid = id >> 32;
    READ(e.owner, &sk->sk_uid.val);
    e.result = PT_REGS_RC(ctx);
    e.family = family;
    bpf_get_current_comm(e.comm, sizeof(e.comm));
    if (e.result)
        read_request(&e, call->to);
    else
        read_socket(&e, sk);
    events.perf_submit(ctx, &e, sizeof(e));
    calls.delete(&id);
    return 0;
}

int leave_v4(struct pt_regs *ctx)
{
    return leave(ctx, AF_INET);
}

int leave_v6(struct pt_regs *ctx)
{
    return leave(ctx, AF_INET6);
}

static void enter(struct sock *sk, void *to)
{
    u64 id = bpf_get_current_pid_tgid();
    struct call call = { sk, to };

    calls.update(&id, &call);
}

int enter_v4(struct pt_regs *ctx, struct sock *sk, void *to)
{
    if (sk->__sk_common.skc_family == AF_INET)
        enter(sk, to);
    return 0;
}

int enter_v6(struct pt_regs *ctx, struct sock *sk, void *to)
{
    if (sk->__sk_common.skc_family == AF_INET6)
        enter(sk, to);
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
for version in "v4", "v6":
    b.attach_kretprobe(event="tcp_%s_connect" % version, fn_name="leave_" + version)
for version in "v4", "v6":
    b.attach_kprobe(event="tcp_%s_connect" % version, fn_name="enter_" + version)

# --- output ---
row = "%-7s %-7s %-15s %-3s %-20s %-5s %-20s %-5s %s"
lost = 0


def address(family, a):
    return socket.inet_ntop(family, bytes(a)[: 4 if family == socket.AF_INET else 16])


def print_event(cpu, data, size):
    e = b["events"].event(data)
    result = errno.errorcode.get(-e.result, "?") if e.result else "OK"
    local = ("-", "-") if e.result else (address(e.family, e.laddr), e.lport)
    remote = (address(e.family, e.raddr), e.rport)
    version = 4 if e.family == socket.AF_INET else 6
    comm = e.comm.decode("utf-8", "replace")
    print(row % (e.pid, e.owner, result, version, *local, *remote, comm), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "OWNER", "RESULT", "IP", "LADDR", "LPORT", "RADDR", "RPORT", "COMM"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
for version in "v4", "v6":
    b.detach_kprobe(event="tcp_%s_connect" % version)
    b.detach_kretprobe(event="tcp_%s_connect" % version)
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
