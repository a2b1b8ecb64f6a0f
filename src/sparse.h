/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SPARSE_H
#define SPARSE_H

#include "util.h"

/* Files with holes: a guest's memory is mostly that. Each makes the new file `to`, and returns 0, or
 * -errno after printing the error.
 */
int sparse__copy(const char *from, const char *to);

/* What differs from the file `base`, which is as long and holds whole MiB: of each MiB the 4 KiB pages that do,
 * compressed by zstd behind a struct chunk_head.
 */
int sparse__pack(const char *from, const char *base, const char *to);
/* `base` has to be what it was. -EBADMSG when `from` is not what sparse__pack() writes. */
int sparse__unpack(const char *from, const char *base, const char *to);

#endif
