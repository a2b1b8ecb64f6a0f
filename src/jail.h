/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JAIL_H
#define JAIL_H

#include "util.h"

/* Where the guest's agent runs a learner's program: a root of its own with /proc, /sys, a few devices and
 * the files that the exercise declares; nobody's user with the declared capabilities and no way to more;
 * the system calls that such programs need; bounds on memory, processes and files. All functions
 * return 0, or -1 with errno.
 */
#define JAIL "/run/jail"

/* Makes the root and the control group, and compiles the filter; once, when the guest boots. */
int jail__prepare(void);

/* Puts a file of the guest into the jail under the same name: the same inode, so that a probe on it
 * fires for all who run it.
 */
int jail__add_file(const char *path);

/* In the child that becomes the program. Calls that load a BPF program or set one to work wait for the agent's
 * answer: the listener's descriptor is handed over through `sync`, a stream socket whose other end is
 * jail__listener()'s.
 */
int jail__enter(uint64_t capabilities, int sync);
/* In the agent: the descriptor that is readable when a call waits, or -1 with errno. */
int jail__listener(pid_t child, int sync);

/* A call that waits. What it is about stands in the program's memory, which may change: look at what the
 * kernel holds instead.
 */
struct jail_call {
	uint64_t id;
	pid_t pid;
	enum {
		CALL_LOADS,  /* a program */
		CALL_STARTS, /* sets one to work */
		CALL_OPENS,  /* a perf event */
	} kind;
	uint64_t arg[5];
};

int jail__take(int listener, struct jail_call *call);
int jail__answer(int listener, const struct jail_call *call, bool refuse);
/* Answers with the event that the call asks for, opened with these capabilities. It counts, has BPF programs
 * attached and takes what they send; samples of others' memory and news of others' processes it has not.
 */
int jail__open_event(int listener, const struct jail_call *call, uint64_t capabilities);

#endif
