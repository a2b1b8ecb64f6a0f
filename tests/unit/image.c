// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <bpf/btf.h>
#include <cmocka.h>

#include "image.h"
#include "image_build.h"

static const char table[] =
	"# kernel\tsuites\tpackage\tmirrors\n"
	"\n"
	"6.1\tbookworm bookworm-security\tlinux-image-6.1.*\thttp://a http://b\n"
	"6.12\ttrixie\tlinux-image-6.12.*\thttp://a\r\n";

static int parse(struct kernels *k, const char *text)
{
	return kernels__parse(k, text, strlen(text));
}

static void test_table(void **state)
{
	cleanup_kernels struct kernels k = { 0 };

	assert_int_equal(parse(&k, table), 0);
	assert_int_equal(k.count, 2);
	assert_string_equal(k.items[0].name, "6.1");
	assert_string_equal(k.items[0].suites, "bookworm bookworm-security");
	assert_string_equal(k.items[0].package, "linux-image-6.1.*");
	assert_string_equal(k.items[1].mirrors, "http://a");
	assert_ptr_equal(kernels__find(&k, "6.12"), &k.items[1]);
	assert_null(kernels__find(&k, "6"));
}

static void test_bad_rows(void **state)
{
	static const char *const bad[] = {
		"6.1\tbookworm\tlinux-image\n",	  "6.1 bookworm linux-image http://a\n",
		"6.1\t\tlinux-image\thttp://a\n", "6.1\tbookworm\tlinux-image\thttp://a\tmore\n",
		"6.1\ta\tb\tc\n6.1\ta\tb\tc\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup_kernels struct kernels k = { 0 };

		assert_true(parse(&k, bad[i]) < 0);
	}
}

static void test_project_table(void **state)
{
	static const char *const names[] = { "5.10", "6.1", "6.12", "latest" };
	cleanup_kernels struct kernels k = { 0 };

	assert_int_equal(kernels__load(&k), 0);
	assert_int_equal(k.count, ARRAY_SIZE(names));
	for (size_t i = 0; i < k.count; i++)
		assert_string_equal(k.items[i].name, names[i]);
}

static void test_choose(void **state)
{
	cleanup_strings struct strings chosen = { 0 };

	assert_int_equal(kernels__choose(&chosen, "6.12"), 0);
	assert_int_equal(kernels__choose(&chosen, "6.12"), 0);
	assert_int_equal(chosen.count, 1);
	assert_int_equal(kernels__choose(&chosen, "all"), 0);
	assert_int_equal(chosen.count, 4);
	assert_string_equal(chosen.items[0], "6.12");
	assert_string_equal(chosen.items[3], "latest");
	assert_true(kernels__choose(&chosen, "6.13") < 0);
}

static void test_key(void **state)
{
	struct kernel k = { "6.1", "bookworm", "linux-image-*", "http://a" }, other = k;
	cleanup_free char *key = image__key(&k, "recipe", 6);
	cleanup_free char *edited = image__key(&k, "recipE", 6);
	cleanup_free char *mirrored = NULL, *moved = NULL;

	assert_int_equal(strlen(key), 16);
	assert_int_equal(strspn(key, "0123456789abcdef"), 16);
	assert_string_not_equal(key, edited);
	other.mirrors = "http://b";
	mirrored = image__key(&other, "recipe", 6);
	assert_string_equal(key, mirrored);
	other.suites = "trixie";
	moved = image__key(&other, "recipe", 6);
	assert_string_not_equal(key, moved);
}

static void test_hash(void **state)
{
	cleanup_free char *hash = hash_hex("abc", 3);

	assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223"
				  "b00361a396177a9cb410ff61f20015ad");
}

static void test_mirrors(void **state)
{
	struct kernel k = { .mirrors = "http://a http://b" };
	cleanup_strings struct strings row = { 0 }, empty = { 0 }, own = { 0 };

	image_build__mirrors(&row, &k, NULL);
	assert_int_equal(row.count, 2);
	assert_string_equal(row.items[1], "http://b");
	image_build__mirrors(&empty, &k, "");
	assert_int_equal(empty.count, 2);
	image_build__mirrors(&own, &k, "https://c/debian/");
	assert_int_equal(own.count, 1);
	assert_string_equal(own.items[0], "https://c");
}

static void test_tail(void **state)
{
	assert_string_equal(image_build__tail("", 2), "");
	assert_string_equal(image_build__tail("a", 2), "a");
	assert_string_equal(image_build__tail("a\nb\n", 2), "a\nb\n");
	assert_string_equal(image_build__tail("a\nb\nc\n", 2), "b\nc\n");
	assert_string_equal(image_build__tail("a\nb\nc", 1), "c");
}

static void test_mend(void **state)
{
	assert_non_null(strstr(image_build__mend("tar: No space left on device\n"), "TMPDIR"));
	assert_non_null(strstr(image_build__mend("E: Failed to fetch x\n"), "WORKBOOK_MIRROR"));
	assert_non_null(strstr(image_build__mend(""), "log"));
}

static void check_modules(const struct image *image)
{
	cleanup_free char *list = xprintf("%s/modules.list", image->dir);
	cleanup_buf struct buf text = { 0 };
	struct lines l;

	assert_int_equal(file__read(list, &text), 0);
	l = lines_of(text.data, text.len);
	while (lines__next(&l)) {
		cleanup_free char *path =
			xprintf("%s/modules/%.*s", image->dir, (int)l.len, l.line);

		assert_int_equal(access(path, R_OK), 0);
	}
}

static void check_btf(const struct image *image)
{
	cleanup_free char *path = xprintf("%s/vmlinux.btf", image->dir);
	struct btf *btf = btf__parse_raw(path);

	assert_non_null(btf);
	assert_true(btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT) > 0);
	btf__free(btf);
}

/* The images that are there; it is not for a unit test to build any. */
static void test_images(void **state)
{
	cleanup_strings struct strings kernels = { 0 };
	size_t checked = 0;

	assert_int_equal(kernels__choose(&kernels, "all"), 0);
	for (size_t i = 0; i < kernels.count; i++) {
		struct image *image = NULL;

		if (image__find(kernels.items[i], &image))
			continue;
		assert_int_equal(strspn(image->release, "0123456789"), 1);
		check_modules(image);
		check_btf(image);
		image__free(image);
		checked++;
	}
	if (!checked)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	      cmocka_unit_test(test_bad_rows),
		cmocka_unit_test(test_project_table), cmocka_unit_test(test_choose),
		cmocka_unit_test(test_key),	      cmocka_unit_test(test_hash),
		cmocka_unit_test(test_mirrors),	      cmocka_unit_test(test_tail),
		cmocka_unit_test(test_mend),	      cmocka_unit_test(test_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
