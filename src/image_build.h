/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef IMAGE_BUILD_H
#define IMAGE_BUILD_H

#include "image.h"

/* Runs the recipe in a temporary folder beside `dir` and renames that to `dir` at the end. Progress
 * goes to stderr, the log to `log`. Only one at a time may build a `dir`. Returns 0 or -errno after
 * printing the error; then nothing of it is left.
 */
int image_build__run(const struct kernel *k, const char *dir, const char *log);

/* Removes the temporary folders in `images` of builds that are dead. */
void image_build__clean(const char *images);

/* Mirrors to try: WORKBOOK_MIRROR's value `override` (NULL or "": none) instead of the row's. A mirror
 * is what /debian and /debian-security lie below; "/debian" and slashes at its end are dropped.
 */
void image_build__mirrors(struct strings *out, const struct kernel *k, const char *override);

/* What to do about a failed build, from what its log says. */
const char *image_build__mend(const char *log);

/* The last `n` lines of `text`. */
const char *image_build__tail(const char *text, int n);

#endif
