#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show the files that processes read and write most, each interval.

# --- includes ---
import argparse
import signal
from time import strftime

from bcc import BPF

# --- args ---
SORTS = ("reads", "writes", "rbytes", "wbytes", "failed")
parser = argparse.ArgumentParser(description="Show the files that are read and written most.")
parser.add_argument("-p", "--pid", type=int, help="only this process")
parser.add_argument("-u", "--uid", type=int, help="only processes of this user")
parser.add_argument("-a", "--all", action="store_true", help="not only regular files")
parser.add_argument("-n", "--name", help="only files whose names contain this")
parser.add_argument("-x", "--failed", action="store_true", help="only with calls that failed")
parser.add_argument("-s", "--sort", choices=SORTS, default="rbytes", help="what comes first")
parser.add_argument("-r", "--rows", type=int, default=20, help="rows of a table (default 20)")
parser.add_argument("-T", "--timestamp", action="store_true", help="add the time of day")
parser.add_argument("interval", nargs="?", type=int, default=1, help="seconds (default 1)")
parser.add_argument("count", nargs="?", type=int, default=0, help="tables (default: no end)")
args = parser.parse_args()

bpf_text = """
/* --- includes --- */
#include <linux/fs.h>

/* --- types --- */
#define NAME_LEN 32

struct file_key {
    u64 inode;
    u32 dev;
    u32 pid;
};

struct tally {
    u64 reads;
    u64 writes;
    u64 rbytes;
    u64 wbytes;
    u64 failed;
    char name[NAME_LEN];
};

/* --- maps --- */
BPF_HASH(calls, u64, struct file *);
BPF_HASH(files, struct file_key, struct tally);

/* --- probe --- */
int enter(struct pt_regs *ctx, struct file *file)
{
    u64 id = bpf_get_current_pid_tgid();
    u32 pid = id >> 32, uid = bpf_get_current_uid_gid();
    umode_t mode = file->f_inode->i_mode; // in a macro's argument, BCC would not rewrite it

    FILTER
    calls.update(&id, &file);
    return 0;
}

static struct tally *leave(ssize_t ret)
{
    u64 id = bpf_get_current_pid_tgid();
    struct file **filep = calls.lookup(&id), *file;
    struct file_key key = {};
    struct tally new = {}, *tally;

    if (!filep)
        return 0;
    file = *filep;
    calls.delete(&id);
    key.inode = file->f_inode->i_ino;
    key.dev = file->f_inode->i_sb->s_dev;
    key.pid = id >> 32;
    bpf_probe_read_kernel_str(new.name, sizeof(new.name), file->f_path.dentry->d_name.name);
    tally = files.lookup_or_try_init(&key, &new);
    if (tally && ret < 0)
        lock_xadd(&tally->failed, 1);
    return tally;
}

int return_read(struct pt_regs *ctx)
{
    ssize_t ret = PT_REGS_RC(ctx);
    struct tally *tally = leave(ret);

    if (!tally)
        return 0;
    lock_xadd(&tally->reads, 1);
    if (ret > 0)
        lock_xadd(&tally->rbytes, ret);
    return 0;
}

int return_write(struct pt_regs *ctx)
{
    ssize_t ret = PT_REGS_RC(ctx);
    struct tally *tally = leave(ret);

    if (!tally)
        return 0;
    lock_xadd(&tally->writes, 1);
    if (ret > 0)
        lock_xadd(&tally->wbytes, ret);
    return 0;
}
"""

# --- config ---
tests = ""
if args.pid is not None:
    tests += "if (pid != %d) return 0;" % args.pid
if args.uid is not None:
    tests += "if (uid != %d) return 0;" % args.uid
if not args.all:
    tests += "if (!S_ISREG(mode)) return 0;"
bpf_text = bpf_text.replace("FILTER", tests)

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])
files = b["files"]

# --- attach ---
b.attach_kretprobe(event="vfs_read", fn_name="return_read")
b.attach_kretprobe(event="vfs_write", fn_name="return_write")
b.attach_kprobe(event="vfs_read", fn_name="enter")
b.attach_kprobe(event="vfs_write", fn_name="enter")

# --- output ---
row = "%-7s %-6s %-6s %-10s %-10s %-6s %s"
header = row % ("PID", "READS", "WRITES", "RBYTES", "WBYTES", "FAILED", "FILE")


def take_files():
    if hasattr(files, "items_lookup_and_delete_batch"):
        return list(files.items_lookup_and_delete_batch())
    taken = list(files.items())
    files.clear()  # BCC 0.18 only: calls that came since the line above are lost
    return taken


def order(item):
    key, tally = item
    return (-getattr(tally, args.sort), key.pid, tally.name, key.inode, key.dev)


def wanted(tally):
    if args.failed and not tally.failed:
        return False
    return not args.name or args.name.encode() in tally.name


def print_table():
    time = strftime("%H:%M:%S ") if args.timestamp else ""
    for key, t in sorted(filter(lambda item: wanted(item[1]), take_files()), key=order)[:args.rows]:
        name = t.name.decode("utf-8", "replace")
        line = row % (key.pid, t.reads, t.writes, t.rbytes, t.wbytes, t.failed, name)
        print(time + line, flush=True)


# --- loop ---
signals = [signal.SIGINT, signal.SIGTERM, signal.SIGALRM]
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print(("TIME     " if args.timestamp else "") + header, flush=True)
tables = 0
while True:
    info = signal.sigtimedwait(signals, args.interval)
    if info and info.si_signo != signal.SIGALRM:
        break
    print_table()
    tables += 1
    if tables == args.count:
        break

# --- cleanup ---
for function in "vfs_read", "vfs_write":
    b.detach_kprobe(event=function)
    b.detach_kretprobe(event=function)
if tables != args.count or not args.count:
    print_table()
