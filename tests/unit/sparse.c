// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is packed and unpacked is the same, holes included; what is damaged is told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "sparse.h"

static char folder[] = "/tmp/sparse-test-XXXXXX";
static char *raw, *packed, *again;

enum { SIZE = 64 << 20 };

/* 3 MB of data in the middle of a hole, some bytes behind it, a hole at the end. */
static int set_up(void **state)
{
	cleanup_free char *data = xcalloc(3, 1 << 20);
	cleanup_fd int fd = -1;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	raw = xprintf("%s/raw", folder);
	packed = xprintf("%s/packed", folder);
	again = xprintf("%s/again", folder);
	for (int i = 0; i < 3 << 20; i++)
		data[i] = i * 2654435761u >> 24;
	fd = open(raw, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 || ftruncate(fd, SIZE) || pwrite(fd, data, 3 << 20, 8 << 20) != 3 << 20 ||
	       pwrite(fd, "end", 3, 40 << 20) != 3;
}

static int tear_down(void **state)
{
	(void)state;
	file__remove_tree(folder);
	free(raw);
	free(packed);
	free(again);
	return 0;
}

static void assert_same(const char *a, const char *b)
{
	cleanup_buf struct buf x = { 0 }, y = { 0 };
	struct stat st;

	assert_int_equal(file__read(a, &x), 0);
	assert_int_equal(file__read(b, &y), 0);
	assert_int_equal(x.len, SIZE);
	assert_int_equal(y.len, SIZE);
	assert_int_equal(memcmp(x.data, y.data, SIZE), 0);
	assert_int_equal(stat(b, &st), 0);
	assert_true(st.st_blocks * 512 < 8 << 20);
}

static void test_copy(void **state)
{
	assert_int_equal(sparse__copy(raw, again), 0);
	assert_same(raw, again);
	assert_int_equal(sparse__copy(raw, again), -EEXIST);
	unlink(again);
}

static void test_pack(void **state)
{
	assert_int_equal(sparse__pack(raw, packed), 0);
	assert_int_equal(sparse__unpack(packed, again), 0);
	assert_same(raw, again);
	unlink(again);
}

/* Cut anywhere, or with a byte changed in the first head, it is no packed file. */
static void test_damaged(void **state)
{
	static const char *const ends[] = { "0", "7", "20", "100000" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		assert_int_equal(truncate(packed, atol(ends[i])), 0);
		assert_int_equal(sparse__unpack(packed, again), -EBADMSG);
		unlink(again);
		unlink(packed);
		assert_int_equal(sparse__pack(raw, packed), 0);
	}
	for (int at = 8; at < 16; at++) {
		cleanup_fd int fd = open(packed, O_WRONLY | O_CLOEXEC);

		assert_int_equal(pwrite(fd, "\377", 1, at), 1);
		assert_int_equal(sparse__unpack(packed, again), -EBADMSG);
		unlink(again);
		unlink(packed);
		assert_int_equal(sparse__pack(raw, packed), 0);
	}
	assert_true(sparse__pack("/nowhere", again) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
