// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A verifier's log, as a program may print one: the excerpt keeps to its lines. */
#include "fuzz.h"
#include "text.h"
#include "verifier.h"

enum { LINES = 4 };

static const struct text seeds[] = {
	SEED("-- BEGIN PROG LOAD LOG --\n0: R1=ctx()\n; count++; @ a.bpf.c:3\n4: (07) r0 += 1\n"
	     "R0 invalid\n-- END PROG LOAD LOG --\n"),
	SEED("PROG LOAD LOG\n-- BEGIN PROG LOAD LOG --\n-- END PROG LOAD LOG --\nBEGIN PROG LOAD "
	     "LOG "
	     "--\n; @ \n1\n2\n3\n4\n5\n-- END PROG LOAD LOG"),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_free char *err = text__copy((const char *)data, len);
	cleanup_buf struct buf out = { 0 };
	struct lines l;

	if (!verifier__excerpt(err, "a.bpf.c", "int a;\n\tcount++;\n", LINES, &out)) {
		CHECK(!out.len);
		return 0;
	}
	for (l = lines_of(out.data, out.len); lines__next(&l);)
		CHECK(l.number <= LINES + 1);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return plant(*argc, *argv, seeds, ARRAY_SIZE(seeds));
}
