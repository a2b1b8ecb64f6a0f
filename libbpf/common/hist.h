/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef HIST_H
#define HIST_H

/* Histograms: the slot of a value, for the kernel side, and tables of slots, for the user side. The
 * includer brings the types: vmlinux.h or linux/types.h.
 */

#define LOG2_SLOTS 64 /* one for each power of two that 64 bits can hold */

/* Slot n is for 2^n to 2^(n+1) - 1; the first one for 0 as well. */
static inline __attribute__((always_inline)) __u32 log2_slot(__u64 value)
{
	__u32 slot = 0;

	for (__u32 bits = LOG2_SLOTS / 2; bits; bits /= 2) {
		if (value >> bits) {
			value >>= bits;
			slot += bits;
		}
	}
	return slot;
}

/* Print a table of `nr` slots up to the last one that is not 0, or nothing when all are. */
void print_log2_hist(const __u64 *slots, int nr, const char *unit);
void print_linear_hist(const __u64 *slots, int nr, const char *unit);

#endif
