/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef EXERCISE_H
#define EXERCISE_H

#include "progress.h"
#include "unit.h"

/* The learner's files, exercises/NN-topic/topic.{bpf.c,c,h}, edited in place. Beside them starter.ids
 * holds a line "GIT-BLOB-ID NAME" for each, of the text that the project ships: what differs is the
 * learner's, and git still has the starter under that ID, whatever was committed since. `workbook lint
 * --fix` writes the file anew when a starter is changed on purpose. An exercise without it, an
 * instructor's say, counts as edited.
 */
enum exercise_state { EXERCISE_UNTOUCHED, EXERCISE_STARTED, EXERCISE_PASSED };

struct exercise {
	const struct unit *unit;
	enum exercise_state state;
	bool edited;		  /* differs from the starter, as far as that is known */
	char *text;		  /* hash of the learner's files as they are now */
	struct progress progress; /* passes of an older text are left out */
};

/* Returns 0, or -errno after printing the error; free either way. */
int exercise__load(struct exercise *e, const struct unit *unit);
void exercise__free(struct exercise *e);
#define cleanup_exercise __attribute__((cleanup(exercise__free)))

/* Finds the first exercise that has not passed on all kernels; NULL when all have. `units` must
 * outlive it. -errno in `*err` after printing the error.
 */
const struct unit *exercise__next(const struct units *units, int *err);

/* What starter.ids must say for the files as they are: for lint and for comparing. Owned by the
 * caller, NULL after printing an error.
 */
char *exercise__ids(const struct unit *unit);

/* Git's ID of a blob with this content: SHA-1 over "blob LENGTH\0" and the content. The caller's. */
char *git_blob_id(const void *data, size_t len);

#endif
