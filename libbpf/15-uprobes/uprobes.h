/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef UPROBES_H
#define UPROBES_H

/* --- types --- */
#define MAX_CALLS 4096 /* under way at the same time, or left unseen */
#define NAME_LEN  44

/* One call, among all that a thread is in: each has its own place on the thread's stack. */
struct call_key {
	__u64 id;    /* bpf_get_current_pid_tgid() */
	__u64 stack; /* the stack pointer when the function began */
};

struct event {
	__u32 pid;
	__u32 tid;
	int level;
	int result;
	__u32 returned; /* 0: nobody saw it return, and there is no result */
	char name[NAME_LEN];
};

#endif
