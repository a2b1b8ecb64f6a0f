/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef XDP_H
#define XDP_H

/* --- types --- */
enum kind { KIND_IPV4, KIND_IPV6, KIND_ARP, KIND_VLAN, KIND_OTHER, KINDS };

struct count {
	__u64 packets;
	__u64 bytes;
};

#endif
