/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CORE_FLAVORS_H
#define CORE_FLAVORS_H

/* --- types --- */
struct event {
	__u32 pid;
	__u32 tid;
	__u32 sig;
	__u32 state; /* bits, as the kernel has them */
	__u32 slice; /* ms */
	__u32 pending;
};

#endif
