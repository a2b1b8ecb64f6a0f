/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef HELD_H
#define HELD_H

#include "util.h"

/* What the kernel holds for BPF programs' sake, as lines of text:
 *
 *	program 12 type=2 tag=0123456789abcdef insns=64 name=trace_openat
 *	map 7 type=1 name=counts
 *	link 3 type=7
 *	function ksys_write
 *	tracepoint sys_enter_write
 *	pin /sys/fs/bpf/counts
 *	qdisc veth0 clsact
 *	process 345 name
 *
 * Processes are those of the user `uid`; the number of instructions is that of the verified program. Functions are
 * the kernel's that something is attached to, with kprobes as with trampolines; tracepoints are named where the
 * kernel says what a link is attached to, raw ones on all, others since 6.6.
 */
void held__list(unsigned uid, struct buf *out);

/* Programs, links, functions and tracepoints only. */
void held__list_programs(struct buf *out);

/* Appends the lines of `now` that `before` has not; `out` may be `before`. */
void held__new(const struct buf *before, const struct buf *now, struct buf *out);

/* How often the kernel has skipped one of the programs that it holds, as one was running on that CPU already:
 * bpf_prog_info.recursion_misses, of kernels from 5.12 on.
 */
uint64_t held__missed(void);

/* Whether a process is stopped that is none of this user's and none of the `count` in `but`. */
bool held__stopped(unsigned uid, const pid_t *but, size_t count);

/* Removes the pins in a folder of the BPF file system. Returns 0, or -1 with errno. */
int held__unpin(const char *dir);

#endif
