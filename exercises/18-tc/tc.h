/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TC_H
#define TC_H

#define MAX_DEVICES 4

/* --- types --- */
enum row { ROW_IPV4_TCP, ROW_IPV4_UDP, ROW_IPV6_TCP, ROW_IPV6_UDP, ROWS };

#endif
