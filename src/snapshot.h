/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "vm.h"

/* A guest in which the stimulus waits for its seed and the BCC prototype has attached, saved so that
 * any number of runs can start from it. Kept in the cache under the hash of all that made it.
 */
struct snapshot;

/* What a snapshot is made of. The strings are the caller's and must outlive the call only. Without a
 * prototype (and test) it is the kernel's base: booted, BCC's files in memory, nothing running; the others
 * on that kernel are made from it.
 */
struct snapshot_source {
	const struct image *image;
	const char *name;      /* "01-kprobe-counter" */
	const char *test_case; /* "pair" or "exercise" */
	const char *prototype; /* path of the BCC program */
	const char *test;      /* path of the stimulus, tests/NN-topic.c built */
};

/* Finds the snapshot, or boots the kernel and makes it (saying so: that takes half a minute without
 * KVM). It cannot be evicted before snapshot__free(). Two processes that want the same one make it
 * once. Returns 0, -ECHILD when the BCC prototype or the stimulus failed, or another -errno; after
 * printing why.
 */
int snapshot__get(const struct snapshot_source *source, struct snapshot **out);
/* The same for the kernel's base. */
int snapshot__base(const struct image *image, struct snapshot **out);
/* A VM of its own from the snapshot; `confined` as of vm__restore(). */
int snapshot__restore(const struct snapshot *s, bool confined, struct vm **out);
void snapshot__free(struct snapshot *s);

/* Slots' names, and what is in the guest's /run/workbook. Programs without root see the jail only. */
#define SLOT_STIMULUS	"stimulus"
#define SLOT_BCC	"bcc"
#define SLOT_LIBBPF	"libbpf"
#define GUEST_TEST	"/run/workbook/test"
#define GUEST_PROTOTYPE "/run/workbook/prototype.py"
#define GUEST_PROGRAM	"/run/workbook/program" /* in the jail */

/* The arguments that the stimulus, once ready, gave for `tool` ("bcc" or "libbpf"), behind `first`
 * ones: a NULL-terminated array that vm__free_args() takes.
 */
char **snapshot__argv(const char *said, const char *tool, const char *const first[]);

#endif
