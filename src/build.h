/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BUILD_H
#define BUILD_H

#include "text.h"
#include "util.h"

/* Has make bring `targets` (relative to the project's root) up to date, so that what
 * runs is what the tree says. Compilers' messages are appended to `messages`, or go to stderr where
 * that is NULL. Returns 0, 1 when something does not build, or -errno, after printing which one when
 * it is for want of a tool.
 */
int build__targets(const struct strings *targets, struct buf *messages);

/* The same for all that building and judging submissions of these exercises takes. */
int build__grader(const struct strings *units);

/* The facts about a built object as rows (see facts.c), appended to `facts`. Returns 0 or -errno after
 * printing the error.
 */
int build__facts(const char *object, struct buf *facts);

#endif
