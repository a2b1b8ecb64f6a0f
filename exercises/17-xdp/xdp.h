/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef XDP_H
#define XDP_H

/* --- types --- */
enum row { ROW_TCP, ROW_UDP, ROW_ICMP, ROW_OTHER, ROWS };

struct count {
	__u64 packets;
	__u64 bytes;
};

#endif
