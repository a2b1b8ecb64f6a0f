/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SHARD_H
#define SHARD_H

#include <jansson.h>

#include "text.h"

/* A class that is graded in parts. In the order of names, part I of N has every Nth submission, from the
 * Ith on. A part is a book (see gradebook.h) with one key more,
 *
 *	"shard": {"index": I, "of": N, "class": [names of all submissions], "exercises": [those chosen]},
 *
 * and its submissions keep the "shingles" by which they are compared with those of other parts.
 */

/* Sorts a class: `paths` by the submissions' names, which are added to `names`. Where names are equal, their folders stand
 * in front, so that a name depends on the whole class.
 */
void shard__sort(struct strings *paths, struct strings *names);
/* Keeps what is part `index` (from 1) `of` so many. */
void shard__take(struct strings *paths, size_t index, size_t of);

/* Joins the parts in the folder, its files *.json, into the book of a run that graded all of them. A
 * part that is missing is told on stderr and makes `*complete` false. Returns 0 with a book to free in
 * `*book`, or -errno after printing which file is no part, or not of the same run.
 */
int shard__gather(const char *dir, json_t **book, bool *complete);

#endif
