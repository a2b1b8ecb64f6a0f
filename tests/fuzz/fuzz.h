/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef FUZZ_H
#define FUZZ_H

/* What fuzzers share. */

#include <string.h>
#include <sys/stat.h>

#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define CHECK(x)                                                                \
	do {                                                                    \
		if (!(x)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			abort();                                                \
		}                                                               \
	} while (0)

/* Text that can go to a terminal and into every format of a report; lines may end in it. */
static inline void check_plain(const char *s)
{
	cleanup_buf struct buf b = { 0 };

	CHECK(s);
	text__visible_lines(&b, (struct text){ s, strlen(s) });
	CHECK(b.len == strlen(s));
}

#define SEED(s)                  \
	{                        \
		s, sizeof(s) - 1 \
	}

/* Puts the seeds into the corpus folder, the first one named. */
static inline int plant(int argc, char **argv, const struct text *seeds, size_t n)
{
	struct stat st;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' || stat(argv[i], &st) || !S_ISDIR(st.st_mode))
			continue;
		for (size_t k = 0; k < n; k++) {
			cleanup_free char *path = xprintf("%s/seed-%zu", argv[i], k);

			file__write(path, seeds[k].data, seeds[k].len);
		}
		break;
	}
	return 0;
}

#endif
