// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Frames come from a guest that may have run anything. */
#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf wire = { 0 }, out = { 0 };
	uint32_t type;

	buf__add(&wire, data, size);
	while (frame__take(&wire, &type, &out) == 1) {
		struct payload p = { out.data, out.len };

		while (payload__string(&p))
			;
		if (p.len && !p.data[p.len - 1])
			abort(); /* a string was left behind */
		if (out.len > size)
			abort();
		out.len = 0;
	}
	return 0;
}
