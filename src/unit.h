/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef UNIT_H
#define UNIT_H

#include "chapter.h"

/* A unit is what the folders hold under one name NN-topic; no list names the units. */
struct unit {
	char *name;	   /* "01-kprobe-counter" */
	const char *topic; /* "kprobe-counter", in `name` */
	char number[3];	   /* "01" */
	/* Where its files are (or would be), each beginning with the root that was given: */
	char *chapter;	/* chapters/NN-topic.md */
	char *bcc;	/* bcc/NN-topic.py */
	char *libbpf;	/* libbpf/NN-topic, a folder */
	char *exercise; /* exercises/NN-topic, a folder */
	char *solution; /* solutions/NN-topic, a folder */
	char *test;	/* tests/NN-topic.c */
	char *wrong;	/* tests/wrong/NN-topic, a folder of patches */
};

struct units {
	struct unit *items; /* by name */
	size_t count;
};

/* Finds all units under `root`. Returns 0 or -errno after printing the error. A chapter alone makes
 * no unit: there are pages that teach no pair.
 */
int units__load(struct units *units, const char *root);
void units__free(struct units *units);
#define cleanup_units __attribute__((cleanup(units__free)))

/* Finds the unit called `which`: "01", "1" or "01-kprobe-counter". Returns 0, or -ENOENT after
 * printing the error. unit__free() is the caller's.
 */
int unit__find(struct unit *unit, const char *root, const char *which);
/* Puts the units' names in place of what each is called. Returns as unit__find(). */
int units__resolve(struct strings *which);
void unit__free(struct unit *unit);
#define cleanup_unit __attribute__((cleanup(unit__free)))

/* Endings of a topic's three sources, in the order in which they are read; NULL behind the last. */
extern const char *const unit_sources[]; /* ".h", ".bpf.c", ".c" */
/* Allocated path of a source: unit__source(u, u->solution, ".bpf.c"). */
char *unit__source(const struct unit *unit, const char *dir, const char *ending);
/* Adds the sections of a file, or of the sources in `dir`; parts name their file relative to `root`.
 * Returns 0 or the first -errno (the others are added all the same); prints nothing.
 */
int unit__add_file(struct parts *parts, const char *root, const char *path);
int unit__add_sources(struct parts *parts, const char *root, const struct unit *unit,
		      const char *dir);
/* Adds the paths of the patches that make wrong solutions, by name. */
void unit__wrong(const struct unit *unit, struct strings *patches);

/* --- front matter, of chapters and of exercises' READMEs --- */

enum point {
	POINT_BUILDS,
	POINT_LOADS,
	POINT_MATCHES,
	POINT_LOST,
	POINT_OBJECT,
	POINT_EXITS,
	POINTS
};
extern const char *const point_names[POINTS];

struct front {
	char *title;
	uint64_t capabilities; /* bit N is capability N; CAP_BPF and CAP_PERFMON always */
	unsigned points[POINTS];
	bool has_points;
	struct strings files; /* patterns (glob) of what the user side may see besides its own */
	struct strings
		programs; /* patterns (fnmatch) of sections that programs may have; empty: all */
	char *pins;	  /* folder in which the task wants pins left behind, or NULL */
	struct strings only_bcc, only_libbpf; /* sections that one side of the exercise has */
	unsigned last;			      /* line that closes the front matter */
};

/* Reads the front matter at the top of `text`; `file` is its name in messages. Returns 0, -ENOENT
 * when the text does not begin with "---", or -EINVAL; then `*error` is an allocated message
 * "FILE:LINE: what; mend". Free `front` either way.
 */
int front__parse(struct front *front, const char *file, const char *text, size_t len, char **error);
/* Reads a file's front matter. Returns 0 or a negative error code after printing the error. */
int front__read(struct front *front, const char *path);
void front__free(struct front *front);
#define cleanup_front __attribute__((cleanup(front__free)))

/* Number of the capability called `name` ("net_admin"), or -1. */
int capability__number(const char *name);

#endif
