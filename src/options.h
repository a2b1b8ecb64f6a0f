/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"
#include "text.h"

/* For the commands' parsers; a value that is none ends the command with a usage error that names it. */

/* The number from `min` to `max` that `arg` says; `option` is "--jobs". */
uint64_t option__number(struct argp_state *state, const char *option, const char *arg, uint64_t min,
			uint64_t max);
/* How many virtual machines at a time, 1 or more; without the option there is one per CPU. */
uint64_t option__jobs(struct argp_state *state, const char *arg);
/* Adds the kernel, or every one for "all", to `chosen`. */
void option__kernel(struct strings *chosen, const char *arg);

/* Options that stand before the command. */
extern const struct argp_option global_options[];

/* What is made of the commands' option tables (struct command.argp) besides --help. Each appends to
 * `out`.
 */

/* The man page workbook(1), in the man(7) macros. */
void options__man(struct buf *out);
/* A completion script; `shell` is "bash" or "zsh". -EINVAL for another. */
int options__completion(const char *shell, struct buf *out);

#endif
