/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TC_H
#define TC_H

/* --- types --- */
#define MAX_SERVICES 1024 /* counted */
#define MAX_DROPS    16	  /* dropped */

struct service {
	__u16 protocol;
	__u16 port;
};

struct count {
	__u64 packets;
	__u64 bytes;
	__u64 dropped;
};

#endif
