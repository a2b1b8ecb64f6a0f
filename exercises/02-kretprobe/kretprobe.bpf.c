// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Add up the bytes that read() returned, per process and file descriptor. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "kretprobe.h"

/* --- maps --- */
/* TODO: keep what the return will want to know of each call that has begun. */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ROWS);
	__type(key, struct row_key);
	__type(value, __u64);
} bytes SEC(".maps");

__u64 lost; /* calls that one of the full maps had no room for */

/* --- helpers --- */
/* TODO: add a number to a row of `bytes`. */

/* --- probe --- */
SEC("kretsyscall/read")
int return_read(void *ctx)
{
	/* TODO: find out what the call returned, and which row that belongs to. */
	return 0;
}

SEC("ksyscall/read")
int enter_read(void *ctx)
{
	/* TODO: note the call; where there is no room for it, count it in `lost`. */
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
