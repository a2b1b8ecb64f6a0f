// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is copied is the same, holes included; what is packed and unpacked too; what is damaged is told. */
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
static char *raw, *base, *packed, *again;

enum { SIZE = 64 << 20 };

/* 3 MB of data in the middle of a hole, the bytes `end` behind it, a hole at the end. */
static int make_raw(const char *path, off_t at, const char *end)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	cleanup_free char *data = xcalloc(3, 1 << 20);

	for (int i = 0; i < 3 << 20; i++)
		data[i] = (i + at) * 2654435761u >> 24;
	return fd < 0 || ftruncate(fd, SIZE) || pwrite(fd, data, 3 << 20, at) != 3 << 20 ||
	       pwrite(fd, end, 3, 40 << 20) != 3;
}

/* The base has zeros where the other has data, data where it has zeros, the same, and other data. */
static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	raw = xprintf("%s/raw", folder);
	base = xprintf("%s/base", folder);
	packed = xprintf("%s/packed", folder);
	again = xprintf("%s/again", folder);
	return make_raw(raw, 8 << 20, "end") || make_raw(base, (9 << 20) + 4096, "END");
}

static int tear_down(void **state)
{
	(void)state;
	file__remove_tree(folder);
	free(raw);
	free(base);
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
	assert_true(st.st_blocks * 512 < 10 << 20);
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
	assert_int_equal(sparse__pack(raw, base, packed), 0);
	assert_int_equal(sparse__unpack(packed, base, again), 0);
	assert_same(raw, again);
	unlink(again);
}

/* Of the same nothing is left but the end, and a file of another length is no base. */
static void test_same(void **state)
{
	cleanup_free char *none = xprintf("%s/none", folder),
			  *short_one = xprintf("%s/short", folder);
	struct stat st;

	assert_int_equal(sparse__pack(raw, raw, none), 0);
	assert_int_equal(stat(none, &st), 0);
	assert_int_equal(st.st_size, 48);
	assert_int_equal(sparse__unpack(none, raw, again), 0);
	assert_same(raw, again);
	unlink(again);
	unlink(none);
	assert_int_equal(sparse__copy(base, short_one), 0);
	assert_int_equal(truncate(short_one, SIZE / 2), 0);
	assert_true(sparse__pack(raw, short_one, none) < 0);
	assert_int_equal(sparse__unpack(packed, short_one, again), -EBADMSG);
	unlink(again);
}

/* Cut anywhere, or with other bits or numbers in the first head, it is no packed file. */
static void test_damaged(void **state)
{
	off_t ends[] = { 0, 7, 20, 0 };
	struct stat st;

	assert_int_equal(stat(packed, &st), 0);
	ends[3] = st.st_size - 1;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		assert_int_equal(truncate(packed, ends[i]), 0);
		assert_int_equal(sparse__unpack(packed, base, again), -EBADMSG);
		unlink(again);
		unlink(packed);
		assert_int_equal(sparse__pack(raw, base, packed), 0);
	}
	for (int at = 8; at < 48; at++) {
		cleanup_fd int fd = open(packed, O_WRONLY | O_CLOEXEC);

		assert_int_equal(pwrite(fd, "\125", 1, at), 1);
		assert_int_equal(sparse__unpack(packed, base, again), -EBADMSG);
		unlink(again);
		unlink(packed);
		assert_int_equal(sparse__pack(raw, base, packed), 0);
	}
	assert_true(sparse__pack("/nowhere", base, again) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
