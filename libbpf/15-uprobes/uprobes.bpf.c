// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each call of a program's function visit(), with its arguments and its result. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "uprobes.h"

#define RETURN_ADDRESS 8 /* x86-64: call puts it on the stack, ret takes it away */

/* --- maps --- */
/* Calls that have not returned. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, struct call_key);
	__type(value, struct event);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static const struct event empty; /* too large for the stack, see the chapter */

__u64 lost; /* calls that no row will tell of */

/* --- helpers --- */
static __always_inline void send(struct event *e)
{
	if (bpf_ringbuf_output(&events, e, sizeof(*e), 0))
		__sync_fetch_and_add(&lost, 1);
}

/* --- probe --- */
SEC("uretprobe")
int BPF_KRETPROBE(return_visit, int ret)
{
	struct call_key key = {
		.id = bpf_get_current_pid_tgid(),
		.stack = PT_REGS_SP(ctx) - RETURN_ADDRESS,
	};
	struct event *e = bpf_map_lookup_elem(&calls, &key);

	if (!e)
		return 0; /* it began before this tool, or in the process that forked this one */
	e->result = ret;
	e->returned = 1;
	send(e);
	bpf_map_delete_elem(&calls, &key);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(enter_visit, const char *name, int level)
{
	struct call_key key = {
		.id = bpf_get_current_pid_tgid(),
		.stack = PT_REGS_SP(ctx),
	};
	struct event *e = bpf_map_lookup_elem(&calls, &key);

	if (e)
		send(e); /* nobody saw the last call from this place return */
	else if (!bpf_map_update_elem(&calls, &key, &empty, BPF_ANY))
		e = bpf_map_lookup_elem(&calls, &key);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = key.id >> 32;
	e->tid = key.id;
	e->level = level;
	bpf_probe_read_user_str(e->name, sizeof(e->name), name);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
