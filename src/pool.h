/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef POOL_H
#define POOL_H

#include "util.h"

enum { POOL_MAX = 64 }; /* jobs at a time */

/* Runs `n` jobs, each in a process of its own, `width` at a time (0: one per CPU). `job` is called in
 * the child and returns its exit code; what it prints on stdout is handed to `done`, in the order of
 * the jobs' numbers or, with `as_they_end`, at once, with that code (EXIT_SETUP when the child died).
 * Returns 0, or -EINTR after ending all children.
 */
struct pool {
	int (*job)(void *ctx, size_t i);
	void (*done)(void *ctx, size_t i, int code, const struct buf *printed);
	void *ctx;
	bool as_they_end;
};
int pool__run(const struct pool *p, size_t n, size_t width);

#endif
