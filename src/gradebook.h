/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef GRADEBOOK_H
#define GRADEBOOK_H

#include <jansson.h>

#include "util.h"

/* Reports about graded submissions. `book` is an object {version, seed, kernels, submissions}, where each
 * submission is what grade__submission() returned; each function appends to `out`. What submissions
 * print has become plain text before; here it is escaped as each format wants it.
 */

/* For a person: a line each, flags; with `details` what became of every item that lacks points. */
void gradebook__table(const json_t *book, bool details, struct buf *out);
void gradebook__json(const json_t *book, struct buf *out);
/* Jenkins's junit-10.xsd: a testsuite a submission, a testcase an item. */
void gradebook__junit(const json_t *book, struct buf *out);
/* Gradescope's results.json, for the first submission. */
void gradebook__gradescope(const json_t *book, struct buf *out);
/* RFC 4180; a field that a spreadsheet would take for a formula begins with an apostrophe. */
void gradebook__csv(const json_t *book, struct buf *out);

#endif
