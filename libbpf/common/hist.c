// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>
#include "hist.h"

static const char stars[] = "****************************************";

/* The last slot that counted something, -1 for none, and the largest count. */
static int last_used(const __u64 *slots, int nr, __u64 *max)
{
	int last = -1;

	*max = 0;
	for (int i = 0; i < nr; i++) {
		if (slots[i])
			last = i;
		if (slots[i] > *max)
			*max = slots[i];
	}
	return last;
}

static void print_count(__u64 count, __u64 max, int width)
{
	printf(" : %-8llu |%-*.*s|\n", count, width, (int)(width * count / max), stars);
}

void print_log2_hist(const __u64 *slots, int nr, const char *unit)
{
	__u64 max, low, high;
	int last = last_used(slots, nr, &max);
	bool wide = last >= 32; /* numbers of more than ten digits */
	int digits = wide ? 20 : 10, width = wide ? 20 : 40;

	if (last >= 0)
		printf("%*s%-*s : count     distribution\n", digits - 5, "", digits + 9, unit);
	for (int i = 0; i <= last; i++) {
		low = i ? 1ULL << i : 0;
		high = (2ULL << i) - 1;
		printf("%*llu -> %-*llu", digits, low, digits, high);
		print_count(slots[i], max, width);
	}
}

void print_linear_hist(const __u64 *slots, int nr, const char *unit)
{
	__u64 max;
	int last = last_used(slots, nr, &max);

	if (last >= 0)
		printf("     %-13s : count     distribution\n", unit);
	for (int i = 0; i <= last; i++) {
		printf("        %-10d", i);
		print_count(slots[i], max, 40);
	}
}
