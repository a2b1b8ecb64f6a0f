// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Headings divide C, headers, Python and the C text in Python; nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "section.h"

#define PREAMBLE "// SPDX-License-Identifier: X\n/* What it is\n * about. */\n\n"

/* "NAME@LINE kernel|user:TEXT;" for each part, newlines as "$". */
static char *dump(const struct parts *parts)
{
	struct buf out = { 0 };

	buf__add(&out, "", 0);
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];

		buf__printf(&out, "%s@%u %s:%s;", part->name, part->line,
			    part->side == SIDE_KERNEL ? "kernel" : "user", part->text);
	}
	for (char *c = out.data; *c; c++)
		if (*c == '\n')
			*c = '$';
	return out.data;
}

static const struct {
	const char *file, *text, *parts;
} divided[] = {
	{ "a.c", "", "" },
	{ "a.c", "int x;\n", "" },
	{ "a.c", "/* --- maps --- */\nint x;\n", "maps@2 user:int x;$;" },
	{ "a.bpf.c", "/* --- maps --- */\nint x;\n", "maps@2 kernel:int x;$;" },
	{ "a.c", "\t/* --- open --- */  \r\n\n\n\tx();\r\n\n", "open@4 user:\tx();$;" },
	{ "a.c", "/* --- maps --- */\na\n\nb\n\n/* --- maps --- */\nc",
	  "maps@2 user:a$$b$;maps@7 user:c$;" },
	{ "a.c", "/* --- maps --- */\n/* --- probe --- */\n", "maps@1 user:;probe@2 user:;" },
	{ "a.c", "/* --- maps --- */", "maps@1 user:;" },
	{ "a.c", "/* --- Maps --- */\nx\n", "Maps@2 user:x$;" },
	{ "a.c", "x; /* --- maps --- */\n// --- maps ---\n# --- maps ---\n/* maps */\n", "" },
	{ "a.c", "/* ---  --- */\n/* --- --- */\n", "" },
	{ "a.h", "#ifndef A\n#define A\n/* --- types --- */\nint x;\n#endif\n",
	  "types@4 kernel:int x;$;" },
	{ "a.h", "#ifndef A\n/* --- types --- */\n#ifdef B\n#endif\nint x;\n#endif /* A */\n\n",
	  "types@3 kernel:#ifdef B$#endif$int x;$;" },
	{ "a.h", "#pragma once\n/* --- types --- */\n#ifdef B\n#endif\n",
	  "types@3 kernel:#ifdef B$#endif$;" },
	{ "a.py",
	  "#!x\n# --- includes ---\nimport x\nt = r\"\"\"\n/* --- maps --- */\nM;\n\"\"\"\n"
	  "# --- load ---\nb()\n",
	  "includes@3 user:import x$t = r\"\"\"$;maps@6 kernel:M;$\"\"\"$;load@9 user:b()$;" },
};

static void test_parts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(divided); i++) {
		cleanup_parts struct parts parts = { 0 };
		cleanup_free char *found = NULL;

		parts__add(&parts, divided[i].file, divided[i].text, strlen(divided[i].text));
		found = dump(&parts);
		assert_string_equal(found, divided[i].parts);
	}
}

static void test_several_files(void **state)
{
	cleanup_parts struct parts parts = { 0 };
	static const char text[] = "/* --- maps --- */\nx\n";

	parts__add(&parts, "a.bpf.c", text, strlen(text));
	parts__add(&parts, "a.c", text, strlen(text));
	assert_int_equal(parts.count, 2);
	assert_string_equal(parts.items[0].file, "a.bpf.c");
	assert_string_equal(parts.items[1].file, "a.c");
	assert_true(parts__has(&parts, "maps"));
	assert_false(parts__has(&parts, "map"));
}

static const struct {
	const char *file, *text;
	unsigned line;
	const char *why;
} misplaced[] = {
	{ "a.c", PREAMBLE "/* --- maps --- */\nint x;\n", 0, NULL },
	{ "a.c", PREAMBLE "// more\n/* --- maps --- */\n", 0, NULL },
	{ "a.c", PREAMBLE "int x;\n/* --- maps --- */\n", 5, "before the first" },
	{ "a.c", PREAMBLE "#define A\n/* --- maps --- */\n", 5, "before the first" },
	{ "a.c", PREAMBLE, 4, "no section heading" },
	{ "a.c", "", 1, "no section heading" },
	{ "a.h", PREAMBLE "#ifndef A\n#define A\n\n/* --- types --- */\n", 0, NULL },
	{ "a.h", PREAMBLE "#pragma once\n/* --- types --- */\n", 0, NULL },
	{ "a.h", PREAMBLE "struct x;\n/* --- types --- */\n", 5, "before the first" },
	{ "a.py", "#!/usr/bin/env python3\n# SPDX\n\n# --- load ---\nx\n", 0, NULL },
	{ "a.py", "\"\"\"Doc.\"\"\"\n# --- load ---\nx\n", 1, "before the first" },
	{ "a.py", "# --- load ---\nt = '''\n\n/* --- maps --- */\nM\n'''\n\n# --- loop ---\nx\n", 0,
	  NULL },
	{ "a.py", "# --- load ---\nt = '''\n#include <x>\n/* --- maps --- */\n'''\n", 3,
	  "C text without a heading" },
	{ "a.py", "# --- load ---\nt = '''\ntext\n'''\nx\nu = '''a'''\n", 0, NULL },
	{ "a.py", "# --- load ---\nt = '''\ntext\n'''\nt = '''\n/* --- maps --- */\n'''\n", 0,
	  NULL },
	{ "a.py", "# --- load ---\nt = '''\n/* --- maps --- */\nM\n'''\nx()\n", 6,
	  "Python code in" },
	{ "a.py", "# --- load ---\nx()\n/* --- maps --- */\n", 3, "outside the C text" },
	{ "a.py", "# --- load ---\nt = '''\n/* --- maps --- */\n# --- loop ---\n'''\n", 4,
	  "inside a string" },
};

static void test_misplaced(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(misplaced); i++) {
		const char *why = NULL, *text = misplaced[i].text;

		assert_int_equal(section__misplaced(misplaced[i].file, text, strlen(text), &why),
				 misplaced[i].line);
		if (misplaced[i].why)
			assert_non_null(strstr(why, misplaced[i].why));
	}
}

static void test_vocabulary(void **state)
{
	assert_true(section__known("includes"));
	assert_true(section__known("cleanup"));
	assert_false(section__known(""));
	assert_false(section__known("map"));
	assert_false(section__known("Maps"));
}

static void test_dedent(void **state)
{
	static const struct {
		const char *text, *out;
	} cases[] = {
		{ "", "" },
		{ "\ta\n\t\tb\n\n\tc\n", "a\n\tb\n\nc\n" },
		{ "    a\n  b\n", "  a\nb\n" },
		{ "\ta\n    b\n", "\ta\n    b\n" },
		{ "\t\ta\n   \n\t\tb", "a\n\nb\n" },
		{ "a\n\tb\n", "a\n\tb\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_buf struct buf out = { 0 };

		buf__add(&out, "", 0);
		text__dedent(&out, cases[i].text);
		assert_string_equal(out.data, cases[i].out);
	}
}

static void test_wrap(void **state)
{
	static const struct {
		const char *text, *wrapped;
	} cases[] = {
		{ "", "" },
		{ "short\n", "short\n" },
		{ "no end", "no end\n" },
		{ "one two three four five six\nseven", "one two three four\n  five six\nseven\n" },
		{ "  ! one two three four five", "  ! one two three\n      four five\n" },
		{ "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrst\n  uvwxyz\n" },
		{ "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc x yz",
		  "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc x yz\n" },
		{ "                        deep", "\n              deep\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_buf struct buf out = { 0 };

		buf__add(&out, "", 0);
		text__wrap(&out, cases[i].text, strlen(cases[i].text), 20);
		assert_string_equal(out.data, cases[i].wrapped);
	}
}

/* Lines of Markdown are not those of a terminal, but an item, a table's row or a line of code is one. */
static void test_reflow(void **state)
{
	static const struct {
		const char *text, *flowed;
	} cases[] = {
		{ "", "" },
		{ "one\n  two\nthree\n\n\nfour\n", "one two three\n\n\nfour\n" },
		{ "one two three four five\nsix\n", "one two three four\nfive six\n" },
		{ "- one two\n  three four five\n- six\n  - seven\n",
		  "- one two three\n  four five\n- six\n  - seven\n" },
		{ "1. one\n10. two\n3.5 three\n", "1. one\n10. two 3.5 three\n" },
		{ "text\n```\nint x;\n\n\tif (x == 1 && longer_than_that)\n```\nmore\ntext\n",
		  "text\n```\nint x;\n\n\tif (x == 1 && longer_than_that)\n```\nmore text\n" },
		{ "| a | b |\n| 1 | 2 |\n", "| a | b |\n| 1 | 2 |\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_buf struct buf out = { 0 };

		buf__add(&out, "", 0);
		text__reflow(&out, cases[i].text, strlen(cases[i].text), 20);
		assert_string_equal(out.data, cases[i].flowed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),	  cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_misplaced), cmocka_unit_test(test_vocabulary),
		cmocka_unit_test(test_dedent),	  cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_reflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
