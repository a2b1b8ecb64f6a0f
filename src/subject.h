/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "run.h"
#include "sandbox.h"

/* A libbpf program that is run beside a unit's BCC prototype, and all that is needed for that. */
enum subject_kind {
	SUBJECT_TWIN,	  /* the worked pair's */
	SUBJECT_EXERCISE, /* the learner's file */
	SUBJECT_SOLUTION,
	SUBJECT_WRONG,	   /* the solution with a patch of tests/wrong/ */
	SUBJECT_SUBMITTED, /* what somebody handed in, built in the sandbox */
};

struct subject {
	const struct unit *unit;
	enum subject_kind kind;
	const char *test_case; /* "pair" or "exercise" */
	char *prototype;       /* BCC program */
	char *program;	       /* libbpf program, a make target, or NULL: it is built already */
	char *binary;	       /* its path */
	char *source;	       /* path of its kernel side, topic.bpf.c */
	char *source_name;     /* the same, from the project's root */
	char *test;	       /* stimulus and judge, a make target */
	uint64_t capabilities;
	struct strings files, programs; /* as of struct front */
	char *pins;			/* as of struct front, or NULL */
	struct buf facts;		/* after subject__read_facts() */
};

/* `wrong` names the patch of a SUBJECT_WRONG, without ".patch". Reads the front matter. Returns 0 or
 * -errno after printing the error; free with subject__free() either way.
 */
int subject__init(struct subject *s, const struct unit *unit, enum subject_kind kind,
		  const char *wrong);
/* The same for what sandbox__build() left, which must outlive the subject; build__grader() builds what runs and judges
 * it.
 */
int subject__init_built(struct subject *s, const struct unit *unit, const struct built *built);
void subject__free(struct subject *s);
#define cleanup_subject __attribute__((cleanup(subject__free)))

/* Builds the program and what runs and judges it. Compilers' messages go to `messages` (NULL:
 * stderr). Returns 0, 1 when something does not build, or -errno.
 */
int subject__build(struct subject *s, struct buf *messages);

/* The two halves of it, for many at once: adds the make targets, reads the facts of what is built. The latter returns 0
 * or -errno after printing the error.
 */
void subject__add_targets(const struct subject *s, struct strings *targets);
int subject__read_facts(struct subject *s);

/* Builds only what its snapshot is made of. */
int subject__build_test(struct subject *s, struct buf *messages);

/* The snapshot that it runs in, made when there is none. As snapshot__get(). */
int subject__snapshot(const struct subject *s, const struct image *image, struct snapshot **out);

/* A program where the exercise has no business can look at anything: why it is not run, or NULL. */
char *subject__undeclared(const struct subject *s);

/* Makes sure of the snapshot and runs the program in it; `tags` as in struct run_program. Returns 0 with
 * `*out` valid, -ECHILD when the BCC side failed, or another -errno; after printing why.
 */
int subject__run(const struct subject *s, const struct image *image, uint64_t seed,
		 const char *tags, struct run *out);
/* BCC and the stimulus alone, without the program: OUT_SETUP when they fail by themselves. As above. */
int subject__run_alone(const struct subject *s, const struct image *image, uint64_t seed,
		       struct run *out);

#endif
