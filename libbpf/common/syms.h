/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SYMS_H
#define SYMS_H

#include <sys/types.h>
#include <linux/types.h>

/* Names for the addresses in stack traces: a table of functions, by address. */
struct syms;

/* The kernel's functions; NULL after a message on stderr. Needs CAP_SYSLOG. */
struct syms *syms__of_kernel(void);

/* The functions in the files that a process has mapped now. An empty table when it is gone or, after
 * a message, when it may not be looked at: another user's process needs CAP_SYS_PTRACE.
 */
struct syms *syms__of_process(pid_t pid);

/* The function that the address lies in, or "[unknown]"; belongs to the table, which may be NULL. */
const char *syms__find(const struct syms *syms, __u64 addr);

void syms__free(struct syms *syms);

#endif
