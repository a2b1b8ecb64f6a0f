/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef UPROBES_H
#define UPROBES_H

/* --- types --- */
#define MAX_ORDERS 1024 /* begun and not ended */
#define ITEM_LEN   36	/* longer ones are cut */

struct event {
	__s64 amount;
	int id;
	int status;
	__u32 shelf;
	char item[ITEM_LEN];
};

#endif
