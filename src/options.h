/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"

/* What is made of the commands' option tables (struct command.argp) besides --help. Each appends to
 * `out`.
 */

/* The man page workbook(1), in the man(7) macros. */
void options__man(struct buf *out);
/* A completion script; `shell` is "bash" or "zsh". -EINVAL for another. */
int options__completion(const char *shell, struct buf *out);

#endif
