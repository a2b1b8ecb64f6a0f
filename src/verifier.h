/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VERIFIER_H
#define VERIFIER_H

#include "util.h"

/* Appends the end of the verifier's log in `err`, a program's standard error as libbpf wrote it, to
 * `out`: at most `lines` lines, long ones cut, and before them "FILE:LINE: TEXT" of the source line that it rejects.
 * Kernels before 6.10 name the text alone: its line is searched in `source`, the text of `file`. Returns
 * false when `err` holds no log.
 */
bool verifier__excerpt(const char *err, const char *file, const char *source, size_t lines,
		       struct buf *out);

#endif
