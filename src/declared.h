/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef DECLARED_H
#define DECLARED_H

#include "image.h"

/* Appends the types and tags of the programs that a BPF object holds, "type=N tag=HEX NAME" a line, as the
 * kernel of `image` makes them: the object is loaded in a guest that runs nothing else and is thrown away. An object that
 * does not load there has no tags. Returns 0, or -errno after printing the error.
 */
int declared__tags(const struct image *image, const char *object, struct buf *tags);

#endif
