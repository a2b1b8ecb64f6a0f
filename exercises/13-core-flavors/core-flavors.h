/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CORE_FLAVORS_H
#define CORE_FLAVORS_H

/* --- types --- */
enum kind {
	KIND_OTHER,
	KIND_USER,
	KIND_KERNEL,
};

struct event {
	__u64 size;
	__u32 pid;
	__u32 kind;
};

#endif
