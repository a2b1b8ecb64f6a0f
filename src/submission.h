/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SUBMISSION_H
#define SUBMISSION_H

#include "unit.h"

/* What somebody handed in: a folder, a git checkout, a .tar.gz, .tar.xz or .zip that holds
 * exercises/NN-topic/topic.{h,bpf.c,c} (or NN-topic/... anywhere else, if not there). It is read into memory, within
 * bounds, and never unpacked to a disk: a hostile name or link has nowhere to lead to.
 */
enum {
	SUBMISSION_MAX_FILE = 256 << 10, /* bytes of a source */
	SUBMISSION_MAX_BYTES = 64 << 20, /* of all that is in an archive, unpacked */
	SUBMISSION_MAX_ENTRIES = 20000,
	SUBMISSION_MAX_RATIO = 100, /* unpacked to packed, beyond the first MB */
	SUBMISSION_MAX_NOTES = 40,  /* about single files */
	NR_SOURCES = 3,		    /* as in unit_sources[] */
};

/* One exercise of it. */
struct handed_in {
	const struct unit *unit;
	struct buf source[NR_SOURCES]; /* the starter's where it was not handed in */
	bool given[NR_SOURCES];
	char *path[NR_SOURCES];	 /* where it stood in what was handed in */
	char *wrong[NR_SOURCES]; /* why it was not taken ("... is a symbolic link"), or NULL */
};

struct submission {
	struct handed_in *item; /* one for each of the units, in their order */
	size_t count;
	struct strings notes; /* what was passed over, for a person; printable */
};

/* "anna" of "class/anna.tar.gz", printable, with as many folders in front and perhaps with its ending; the caller frees
 * it.
 */
char *submission__name(const char *path, unsigned parents, bool ending);

/* Reads `path`. `units` must outlive the submission. The sources of the exercise called `bare` (or NULL) may
 * stand at the top, or in the one folder that has any. Returns 0, or -errno when nothing can be read there at
 * all, with the reason as the last note; prints nothing. Free either way.
 */
int submission__read(struct submission *s, const char *path, const struct units *units,
		     const char *bare);
void submission__free(struct submission *s);

/* Why one of the sources was not taken, or NULL. */
const char *handed_in__refused(const struct handed_in *h);
/* Whether any of the exercise's sources is there, or was refused. */
bool handed_in__any(const struct handed_in *h);
/* Whether what is there differs from the starter's text. */
bool handed_in__edited(const struct handed_in *h);

#endif
