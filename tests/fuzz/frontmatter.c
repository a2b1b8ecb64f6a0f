// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Front matter of any text: read with a title, or refused with the file's line. */
#include <assert.h>
#include <string.h>

#include "unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct front front;
	char *error;
	int err = front__parse(&front, "a.md", (const char *)data, size, &error);

	if (err)
		assert(!strncmp(error, "a.md:", 5));
	else
		assert(!error && *front.title && front.last >= 3);
	assert(front.capabilities >> 38 & 1 && front.capabilities >> 39 & 1);
	front__free(&front);
	free(error);
	return 0;
}
