/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef EMIT_H
#define EMIT_H

#include "grade.h"

/* Writes into the new folder `dir` (NULL: one called like the platform) what grades the chosen exercises, or
 * all there are, on `platform`: the templates of src/emit/PLATFORM, the exercises without their
 * solutions, and for a platform that has no checkout of the project what is needed of that. Returns 0
 * or -errno after printing the error.
 */
int emit__write(const char *platform, const char *dir, const struct grade_options *options);

#endif
