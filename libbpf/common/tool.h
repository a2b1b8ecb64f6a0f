/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TOOL_H
#define TOOL_H

/* What every tool of the workbook needs and no chapter is about. */

/* Reads the whole of `arg` as a decimal number from `min` to `max` into `*out`. Returns 0, or -1 for
 * text, an empty string, something behind the number or a number out of range.
 */
int parse_number(const char *arg, long min, long max, long *out);

/* Prints "TOOL: STEP: reason; mend" on stderr for a negative error code of libbpf or the kernel.
 * Returns the error code, for `err = explain("load", err)`.
 */
int explain(const char *step, int err);

#endif
