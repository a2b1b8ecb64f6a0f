/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RING_BUFFER_H
#define RING_BUFFER_H

/* --- types --- */
#define ANY_UID	 0xffffffff
#define COMM_LEN 16
#define PATH_LEN 4096 /* the longest path that the kernel takes, with its NUL */

enum { KIND_OPEN = 1, KIND_EXIT };

/* Every record begins with this; `kind` tells what follows. */
struct event {
	__u64 lost; /* events lost before this one */
	__u32 kind;
	__u32 pid;
	char comm[COMM_LEN];
};

struct open_event {
	struct event event;
	char path[PATH_LEN];
};

/* TODO: the record of a process's end: behind the header a code and a signal, a member each, 8 bytes in
 * all. A gap would be sent as well, with old bytes in it.
 */

#endif
