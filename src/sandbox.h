/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "submission.h"

/* What came of building an exercise that nobody trusts. */
struct built {
	bool ok;
	struct buf
		messages; /* the compilers' or what stopped them, printable; empty: no warnings */
	struct buf facts; /* rows about the object, see facts.c */
	int program, object,
		source; /* memory files: the tool, its BPF object, topic.bpf.c; or -1 */
};

/* Tries whether bubblewrap can do here what sandboxes need, of builds and of virtual machines. Returns 0 or
 * -errno after printing what is missing.
 */
int sandbox__check(void);

/* Builds the sources by the project's own rules, in bubblewrap: no network, no file of the host's but
 * the toolchain and what the rules need, bounds on time, memory, processes and output. The compilers,
 * bpftool, the linker and `facts` run inside; what they leave is handed over as bytes. The unit's
 * test, the archives and `facts` must have been built. Returns 0, or -errno after printing the error when
 * the sandbox itself failed. Free with built__free() either way.
 */
int sandbox__build(const struct handed_in *h, struct built *out);
/* Takes program and object, each as its size, a newline and its bytes. False when they are not whole. */
bool built__take(struct built *b, const char *data, size_t len);
void built__free(struct built *b);
#define cleanup_built __attribute__((cleanup(built__free)))

#endif
