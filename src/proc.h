/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PROC_H
#define PROC_H

#include "util.h"

/* Runs argv[0] from PATH with an empty standard input, appends what it prints to `out` and `err`
 * (either may be NULL: then it goes where this process's goes), and waits at most `ms`. The child
 * and what it starts die with this process. Returns its exit status (0 to 255), 128 + signal, or
 * -errno: -ETIMEDOUT after killing it, -EINTR when this process was interrupted. Prints nothing but
 * the error of a program that cannot be started.
 */
int proc__run(const char *const argv[], struct buf *out, struct buf *err, int ms);

/* A memory file holding `data`, which a child can open as /proc/self/fd/N. Returns the descriptor,
 * the caller's to close, or -errno after printing the error.
 */
int proc__memory_file(const void *data, size_t len);

#endif
