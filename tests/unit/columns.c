// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines are wrapped by the width they have on a terminal; nothing is cut off. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "columns.h"

static char *print_source(const char *text, int width, unsigned number)
{
	cleanup_column struct column column = { .width = width, .dim = "", .off = "" };
	struct buf out = { 0 };

	buf__add(&out, "", 0);
	column__add_source(&column, text, number);
	column__print(&column, &out);
	return out.data;
}

static const struct {
	const char *text, *out; /* in 20 columns, 5 of them for the number */
} wrapped[] = {
	{ "int x;\n", "   9 int x;\n" },
	{ "a\n\nb", "   9 a\n  10\n  11 b\n" },
	{ "123456789012345\n", "   9 123456789012345\n" },
	{ "1234567890123456\n", "   9 123456789012345\n       6\n" },
	{ "one two three four five\n", "   9 one two three\n       four five\n" },
	{ "123456789012345 x\n", "   9 123456789012345\n       x\n" },
	{ "\tif (abc) return;\n", "   9     if (abc)\n           return;\n" },
	{ "\t\t\tdeep(nesting);\n", "   9             dee\n     p(nesting);\n" },
	{ "a\tb\n", "   9 a   b\n" },
	{ "\xc3\xa9\xc3\xa9\n", "   9 \xc3\xa9\xc3\xa9\n" },
	{ "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6"
	  "\xbc\xa2\n",
	  "   9 "
	  "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\n"
	  "       \xe6\xbc\xa2\n" },
	{ "bad \xff\xfe \x1b[31m\n", "   9 bad ?? ?[31m\n" },
};

static void test_wrap(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrapped); i++) {
		cleanup_free char *out = print_source(wrapped[i].text, 20, 9);

		assert_string_equal(out, wrapped[i].out);
	}
}

static void test_other_locale(void **state)
{
	cleanup_free char *out = NULL;

	setlocale(LC_ALL, "C");
	out = print_source("x \xe6\xbc\xa2\xc3\xa9 y\n", 20, 1);
	setlocale(LC_ALL, "C.UTF-8");
	assert_string_equal(out, "   1 x ?? y\n");
}

static void test_beside(void **state)
{
	cleanup_column struct column left = { .width = 12, .dim = "", .off = "" };
	cleanup_column struct column right = { .width = 12, .dim = "<", .off = ">" };
	cleanup_buf struct buf out = { 0 };

	column__add(&left, "a.py");
	column__add_source(&left, "\xe6\xbc\xa2\ny\n", 1);
	column__add(&right, "b.c");
	column__add_source(&right, "1\n\n3\n", 7);
	columns__print(&left, &right, " | ", &out);
	assert_string_equal(out.data, "a.py         | <b.c>\n"
				      "   1 \xe6\xbc\xa2      | <   7> 1\n"
				      "   2 y       | <   8>\n"
				      "             | <   9> 3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_other_locale),
		cmocka_unit_test(test_beside),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
