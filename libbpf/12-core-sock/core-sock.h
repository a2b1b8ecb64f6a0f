/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CORE_SOCK_H
#define CORE_SOCK_H

/* --- types --- */
#define COMM_LEN    16
#define MAX_THREADS 1024 /* that connect at the same time */

union address {
	__u32 v4; /* as in the packet */
	__u8 v6[16];
};

struct event {
	union address laddr; /* laddr and lport: only if result is 0 */
	union address raddr;
	__u32 pid;
	__u32 owner;
	__s32 result;
	__u32 family;
	__u16 lport; /* the ports are in host order, both */
	__u16 rport;
	char comm[COMM_LEN];
};

#endif
