// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a build hands back: parts that put together are what came, or nothing; and of facts of any kind, whether
 * a program stands where none may.
 */
#include <unistd.h>

#include "fuzz.h"
#include "sandbox.h"
#include "subject.h"

static const struct text seeds[] = {
	SEED("4\nELF1\n."),
	SEED("56\nprogram a section=ksyscall/openat type=kprobe\nmap b type=x0\n"),
	SEED("30\nprogram a section=xdp type=xdp2\nab3\nabc"),
};

static void add_file(struct buf *b, int fd)
{
	cleanup_free char *path = xprintf("/proc/self/fd/%d", fd);
	cleanup_buf struct buf content = { 0 };

	CHECK(!file__read(path, &content));
	buf__printf(b, "%zu\n", content.len);
	buf__add(b, content.data, content.len);
}

/* As a number can be written in several ways, it is what is put together that is taken again. */
static void check_whole(const struct built *built)
{
	struct built again = { .program = -1, .object = -1, .source = -1 };
	cleanup_buf struct buf whole = { 0 };

	add_file(&whole, built->program);
	add_file(&whole, built->object);
	CHECK(built__take(&again, whole.data, whole.len));
	built__free(&again);
	CHECK(!built__take(&again, whole.data, whole.len - 1));
	built__free(&again);
	buf__add(&whole, "x", 1);
	CHECK(!built__take(&again, whole.data, whole.len));
	built__free(&again);
}

/* A program is where it may be, whatever stands around its line. */
static void check_facts(const char *facts, size_t len)
{
	static char *allowed[] = { "ksyscall/openat*" };
	struct subject s = { .programs = { allowed, 1 } };
	cleanup_free char *first = NULL, *second = NULL;

	buf__add(&s.facts, facts, len);
	first = subject__undeclared(&s);
	buf__printf(&s.facts, "\nprogram b section=xdp type=xdp insns=2\n");
	second = subject__undeclared(&s);
	CHECK(second && (!first || !strcmp(first, second)));
	buf__free(&s.facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct built built = { .program = -1, .object = -1, .source = -1 };

	if (built__take(&built, (const char *)data, len))
		check_whole(&built);
	check_facts((const char *)data, len);
	built__free(&built);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return plant(*argc, *argv, seeds, ARRAY_SIZE(seeds));
}
