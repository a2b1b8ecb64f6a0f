/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CORE_SOCK_H
#define CORE_SOCK_H

/* --- types --- */
#define COMM_LEN 16
#define CC_LEN	 16 /* TCP_CA_NAME_MAX of net/tcp.h */

union address {
	__u32 v4; /* as in the packet */
	__u8 v6[16];
};

struct event {
	union address raddr;
	__u32 pid;
	__u32 version; /* 4 or 6: which member of raddr is meant */
	__u16 lport;   /* the ports are in host order, both */
	__u16 rport;
	char cc[CC_LEN];
	char comm[COMM_LEN];
};

#endif
