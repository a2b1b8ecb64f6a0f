/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SOCKET_FILTER_H
#define SOCKET_FILTER_H

/* --- types --- */

/* An end of a flow on this interface's side, the other end, and the protocol. IPv4 addresses take the
 * first of the four numbers, the others are 0. All as it is in the packet.
 */
struct flow {
	__u32 local[4];
	__u32 remote[4];
	__u16 local_port;
	__u16 remote_port;
	__u8 version; /* 4 or 6 */
	__u8 protocol;
};

struct bytes {
	__u64 in;
	__u64 out;
};

#endif
