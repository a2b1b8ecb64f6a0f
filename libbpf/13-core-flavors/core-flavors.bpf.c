// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show what each signal finds: the state of the thread that it is for, and its user's queue. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "core-flavors.h"

/* --- types --- */
/* As these were before 5.14. libbpf looks them up without the three underscores and what follows. */
struct task_struct___old {
	long state;
} __attribute__((preserve_access_index));

struct user_struct___old {
	atomic_t sigpending;
} __attribute__((preserve_access_index));

/* --- config --- */
extern int CONFIG_HZ __kconfig; /* ticks a second */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* signals that no row will tell of */

/* --- helpers --- */
static __always_inline __u32 task_state(struct task_struct *task)
{
	struct task_struct___old *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ(old, state);
}

/* How many signals are queued for the user that a task runs as. */
static __always_inline __u32 nr_pending(struct task_struct *task)
{
	struct user_struct___old *user = (void *)BPF_CORE_READ(task, real_cred, user);
	long nr = 0;

	if (bpf_core_enum_value_exists(enum rlimit_type, UCOUNT_RLIMIT_SIGPENDING)) {
		struct ucounts *ucounts = BPF_CORE_READ(task, real_cred, ucounts);
		__u64 i = bpf_core_enum_value(enum rlimit_type, UCOUNT_RLIMIT_SIGPENDING);

		bpf_core_read(&nr, sizeof(nr), &ucounts->rlimit[i]);
		return nr;
	}
	return BPF_CORE_READ(user, sigpending.counter);
}

/* --- probe --- */
static __always_inline int trace_signal(int sig, struct task_struct *task)
{
	struct event *e;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = BPF_CORE_READ(task, tgid);
	e->tid = BPF_CORE_READ(task, pid);
	e->sig = sig;
	e->state = task_state(task) | BPF_CORE_READ(task, exit_state);
	e->slice = BPF_CORE_READ(task, rt.time_slice) * 1000 / CONFIG_HZ;
	e->pending = nr_pending(task);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("kprobe/send_signal")
int BPF_KPROBE(send_signal, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	return trace_signal(sig, task);
}

SEC("kprobe/send_signal_locked")
int BPF_KPROBE(send_signal_locked, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	return trace_signal(sig, task);
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
