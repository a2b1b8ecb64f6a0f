// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fences: where they begin and end, what their info strings name, what their bodies must be. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "chapter.h"

static struct fences parse(const char *text)
{
	struct fences fences = { 0 };

	fences__parse(&fences, text, strlen(text));
	return fences;
}

static void test_fence(void **state)
{
	cleanup_fences struct fences f = parse("Text.\n\n```c a/b.c:maps\nint x;\n\n```\nMore.\n");

	assert_int_equal(f.count, 1);
	assert_string_equal(f.items[0].language, "c");
	assert_string_equal(f.items[0].argument, "a/b.c:maps");
	assert_string_equal(f.items[0].body, "int x;\n\n");
	assert_int_equal(f.items[0].line, 3);
	assert_int_equal(f.items[0].last, 6);
	assert_true(f.items[0].closed);
	assert_null(fences__at(&f, 2));
	assert_ptr_equal(fences__at(&f, 3), &f.items[0]);
	assert_ptr_equal(fences__at(&f, 6), &f.items[0]);
	assert_null(fences__at(&f, 7));
}

static void test_fence_ends(void **state)
{
	cleanup_fences struct fences longer = parse("````text\n```c\n```\n````\n```sh\n```");
	cleanup_fences struct fences open = parse("```c\nint x;\n");
	cleanup_fences struct fences bare = parse("```");
	cleanup_fences struct fences code = parse("```not a fence``` but code\n``\n");

	assert_int_equal(longer.count, 2);
	assert_string_equal(longer.items[0].body, "```c\n```\n");
	assert_true(longer.items[1].closed);
	assert_int_equal(open.count, 1);
	assert_false(open.items[0].closed);
	assert_string_equal(open.items[0].body, "int x;\n");
	assert_int_equal(bare.count, 1);
	assert_string_equal(bare.items[0].language, "");
	assert_string_equal(bare.items[0].body, "");
	assert_int_equal(code.count, 0);
}

static void test_fence_in_quote(void **state)
{
	static const char text[] = "> ```c a.c\n> \tx\n>\n> y\n> ```\n";
	cleanup_fences struct fences f = parse(text);
	cleanup_buf struct buf out = { 0 };
	char *bodies[] = { "\n\tnew\n" };

	assert_string_equal(f.items[0].body, "\tx\n\ny\n");
	fences__rewrite(&f, text, strlen(text), bodies, &out);
	assert_string_equal(out.data, "> ```c a.c\n>\n> \tnew\n> ```\n");
}

static void test_why(void **state)
{
	static const struct {
		const char *after, *why;
	} cases[] = {
		{ "Because\nof  that.\n\nMore.\n", "Because of  that." },
		{ "\n\nBecause.\n", "Because." },
		{ "Because.", "Because." },
		{ "", "" },
		{ "\n## Heading\n", "" },
		{ "```c\n```\nNo.\n", "" },
		{ "Because\n```c\n```\n", "Because" },
		{ "| table |\n", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *text = xprintf("```compare maps\n```\n%s", cases[i].after);
		cleanup_fences struct fences f = parse(text);

		assert_string_equal(f.items[0].why, cases[i].why);
	}
}

static void test_rewrite(void **state)
{
	static const char text[] = "a\n```c x\nold\n```\nb\n```text\nmine\n```\n```c y\n```\nc";
	cleanup_fences struct fences f = parse(text);
	cleanup_buf struct buf out = { 0 };
	char *bodies[] = { "new\nlines\n", NULL, "more\n" };

	fences__rewrite(&f, text, strlen(text), bodies, &out);
	assert_string_equal(out.data, "a\n```c x\nnew\nlines\n```\nb\n```text\nmine\n```\n"
				      "```c y\nmore\n```\nc");
}

/* A body that is read and written again stays as it was read, also with odd ends of lines. */
static void test_rewrite_carriage_returns(void **state)
{
	static const char text[] = "```\nx\r\r\r\n\r\r\n```\n";
	cleanup_fences struct fences f = parse(text), again = { 0 };
	cleanup_buf struct buf out = { 0 };

	assert_string_equal(f.items[0].body, "x\n\n");
	fences__rewrite(&f, text, strlen(text), &f.items[0].body, &out);
	fences__parse(&again, out.data, out.len);
	assert_string_equal(again.items[0].body, f.items[0].body);
}

static void test_compare_line(void **state)
{
	static const struct {
		const char *argument;
		int err;
		const char *name;
		enum only only;
	} cases[] = {
		{ "maps", 0, "maps", ONLY_NONE },
		{ "license  only=libbpf", 0, "license", ONLY_LIBBPF },
		{ "config only=bcc", 0, "config", ONLY_BCC },
		{ "", -EINVAL, "", ONLY_NONE },
		{ "map", -EINVAL, "", ONLY_NONE },
		{ "maps only", -EINVAL, "", ONLY_NONE },
		{ "maps only=", -EINVAL, "", ONLY_NONE },
		{ "maps only=python", -EINVAL, "", ONLY_NONE },
		{ "maps probe", -EINVAL, "", ONLY_NONE },
		{ "maps only=bcc only=libbpf", -EINVAL, "", ONLY_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compare compare;
		const char *why;

		assert_int_equal(compare__parse(&compare, cases[i].argument, &why), cases[i].err);
		if (cases[i].err)
			continue;
		assert_string_equal(compare.name, cases[i].name);
		assert_int_equal(compare.only, cases[i].only);
	}
}

static void test_compare_body(void **state)
{
	static const char python[] =
		"# --- load ---\n    a()\nt = '''\n/* --- maps --- */\nM;\n'''\n"
		"# --- maps ---\nm()\n";
	static const char c[] = "/* --- maps --- */\n\tint x;\n\t\ty;\n/* --- open --- */\nz\n";
	cleanup_parts struct parts bcc = { 0 }, libbpf = { 0 };
	cleanup_buf struct buf out = { 0 };

	parts__add(&bcc, "bcc/a.py", python, strlen(python));
	parts__add(&libbpf, "libbpf/a.c", c, strlen(c));
	compare__body(&out, &bcc, &libbpf, "maps");
	assert_string_equal(out.data, "/* bcc/a.py:5 */\nM;\n'''\n\n# bcc/a.py:8\nm()\n\n"
				      "/* libbpf/a.c:2 */\nint x;\n\ty;\n");
}

static void test_source_line(void **state)
{
	static const struct {
		const char *argument;
		int err;
		const char *file, *section, *start, *end;
	} cases[] = {
		{ "a/b.c", 0, "a/b.c", NULL, NULL, NULL },
		{ "a/b.c:probe", 0, "a/b.c", "probe", NULL, NULL },
		{ "b.c#/^int x/", 0, "b.c", NULL, "^int x", NULL },
		{ "b.c#/a:b/,/^}/", 0, "b.c", NULL, "a:b", "^}" },
		{ "b.c#/a\\/b\\./", 0, "b.c", NULL, "a/b\\.", NULL },
		{ "", -EINVAL, NULL, NULL, NULL, NULL },
		{ ":maps", -EINVAL, NULL, NULL, NULL, NULL },
		{ "b.c:map", -EINVAL, NULL, NULL, NULL, NULL },
		{ "b.c#", -EINVAL, NULL, NULL, NULL, NULL },
		{ "b.c#//", -EINVAL, NULL, NULL, NULL, NULL },
		{ "b.c#/a", -EINVAL, NULL, NULL, NULL, NULL },
		{ "b.c#/a/b", -EINVAL, NULL, NULL, NULL, NULL },
		{ "b.c#/a/,/b", -EINVAL, NULL, NULL, NULL, NULL },
		{ "b.c#/a/,/b/c", -EINVAL, NULL, NULL, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_source struct source source = { 0 };
		const char *why;

		assert_int_equal(source__parse(&source, cases[i].argument, &why), cases[i].err);
		if (cases[i].err)
			continue;
		assert_string_equal(source.file, cases[i].file);
		assert_string_equal(source.section ?: "", cases[i].section ?: "");
		assert_string_equal(source.start ?: "", cases[i].start ?: "");
		assert_string_equal(source.end ?: "", cases[i].end ?: "");
	}
}

static const char c_text[] = "/* --- helpers --- */\nint f()\n{\n\ta;\n}\n\n/* --- open --- */\n"
			     "\topen();\n/* --- helpers --- */\nint g()\n{\n}\n";
static const char python_text[] = "# --- load ---\nt = '''\n/* --- load --- */\nL;\n'''\n";

static void test_extract(void **state)
{
	static const struct {
		const char *language, *argument, *out; /* NULL: an error */
	} cases[] = {
		{ "c", "a.c:open", "open();\n" },
		{ "c", "a.c:helpers", "int f()\n{\n\ta;\n}\n\nint g()\n{\n}\n" },
		{ "c", "a.c:maps", NULL },
		{ "c", "a.c#/int g/", "int g()\n" },
		{ "c", "a.c#/int f/,/^}/", "int f()\n{\n\ta;\n}\n" },
		{ "c", "a.c#/a;/,/^$/", "\ta;\n}\n" },
		{ "c", "a.c#/}/,/}/",
		  "}\n\n/* --- open --- */\n\topen();\n/* --- helpers --- */\n"
		  "int g()\n{\n}\n" },
		{ "c", "a.c#/int h/", NULL },
		{ "c", "a.c#/int g/,/int h/", NULL },
		{ "c", "a.c#/(/", NULL },
		{ "c", "a.c#/f/,/(/", NULL },
		{ "c", "a.py:load", "L;\n'''\n" },
		{ "python", "a.py:load", "t = '''\n" },
		{ "python", "a.py", python_text },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_source struct source source = { 0 };
		cleanup_buf struct buf out = { 0 };
		const char *why, *text;
		int err;

		assert_int_equal(source__parse(&source, cases[i].argument, &why), 0);
		text = strstr(source.file, ".py") ? python_text : c_text;
		err = source__extract(&source, cases[i].language, text, strlen(text), &out, &why);
		assert_int_equal(err, cases[i].out ? 0 : -EINVAL);
		if (cases[i].out)
			assert_string_equal(out.data, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fence),
		cmocka_unit_test(test_fence_ends),
		cmocka_unit_test(test_fence_in_quote),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_rewrite),
		cmocka_unit_test(test_compare_line),
		cmocka_unit_test(test_compare_body),
		cmocka_unit_test(test_source_line),
		cmocka_unit_test(test_extract),
		cmocka_unit_test(test_rewrite_carriage_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
