/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SPARSE_H
#define SPARSE_H

#include "util.h"

/* Files with holes: a guest's memory is mostly that. Each makes the new file `to`, and returns 0, or
 * -errno after printing the error.
 */
int sparse__copy(const char *from, const char *to);

/* Data between holes, in chunks, each compressed by zstd: struct chunk_head, then its bytes. */
int sparse__pack(const char *from, const char *to);
/* -EBADMSG when `from` is not what sparse__pack() writes. */
int sparse__unpack(const char *from, const char *to);

#endif
