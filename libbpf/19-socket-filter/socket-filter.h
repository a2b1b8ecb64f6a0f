/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SOCKET_FILTER_H
#define SOCKET_FILTER_H

/* --- types --- */
#define NAME_SIZE 256 /* 255 bytes are the longest name; with 256 the struct has no padding */

/* The name as it is in the packet: each label behind a byte with its length, up to a length of 0. */
struct query {
	__u16 type;
	__u8 name[NAME_SIZE];
};

#endif
