// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reports say the same in each format, whatever a submission's name and output hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "gradebook.h"

#define NASTY "=cmd|'/c calc'!A1 \"quoted\", <b>&amp;]]> \xc3\xa9"

static json_t *test_of(const char *exercise, const char *item, double score, int max)
{
	cleanup_free char *name = xprintf("%s %s", exercise, item);

	return json_pack("{s:s, s:s, s:s, s:f, s:i, s:s, s:s}", "name", name, "exercise", exercise,
			 "item", item, "score", score, "max", max, "status",
			 score >= max ? "passed" : "failed", "output", NASTY);
}

static json_t *book(void)
{
	return json_pack("{s:i, s:i, s:[s], s:[{s:s, s:f, s:i, s:b, s:[s], s:[], s:[o,o]},"
			 "{s:s, s:f, s:i, s:b, s:[], s:[s], s:[o]},"
			 "{s:s, s:f, s:i, s:b, s:[s], s:[], s:[]}]}",
			 "version", 1, "seed", 7, "kernels", "6.12", "submissions", "name", NASTY,
			 "score", 2.5, "max", 6, "judged", 1, "flags", "look here", "notes",
			 "tests", test_of("01-a", "builds", 1, 1),
			 test_of("01-a", "matches", 1.5, 5), "name", "bob", "score", 1.0, "max", 1,
			 "judged", 1, "flags", "notes", "a note", "tests",
			 test_of("02-b", "builds", 1, 1), "name", "carl", "score", 0.0, "max", 0,
			 "judged", 1, "flags", "nothing <can> be read", "notes", "tests");
}

static void expect(void (*write)(const json_t *, struct buf *), const char *what)
{
	cleanup_buf struct buf out = { 0 };
	json_t *b = book();

	write(b, &out);
	json_decref(b);
	if (!strstr(out.data, what))
		fail_msg("no \"%s\" in:\n%s", what, out.data);
}

static void test_csv(void **state)
{
	(void)state;
	expect(gradebook__csv, "submission,score,max,\"01-a\",\"02-b\",flags\r\n");
	expect(gradebook__csv, "\"'=cmd|'/c calc'!A1 \"\"quoted\"\", <b>&amp;]]> \xc3\xa9\",2.5,6,"
			       "2.5,,\"look here\"\r\n");
	expect(gradebook__csv, "\"bob\",1,1,,1,\"\"\r\n");
}

static void test_junit(void **state)
{
	(void)state;
	expect(gradebook__junit, "tests=\"2\" failures=\"1\" errors=\"0\"");
	expect(gradebook__junit, "&lt;b&gt;&amp;amp;]]&gt;");
	expect(gradebook__junit, "<failure message=\"1.5 of 5 points\" type=\"matches\">");
	expect(gradebook__junit, "<property name=\"flag\" value=\"look here\"/>");
	expect(gradebook__junit, "<testcase classname=\"bob.02-b\" name=\"02-b builds\"/>");
	expect(gradebook__junit, "name=\"carl\" tests=\"1\" failures=\"0\" errors=\"1\"");
	expect(gradebook__junit, "<testcase classname=\"carl\" name=\"can be graded\">");
	expect(gradebook__junit, "nothing &lt;can&gt; be read\n</error>");
}

static void test_gradescope(void **state)
{
	(void)state;
	expect(gradebook__gradescope, "\"score\": 2.5");
	expect(gradebook__gradescope, "\"max_score\": 5.0");
	expect(gradebook__gradescope, "\"output\": \"! look here\\n\"");
}

static void table(const json_t *b, struct buf *out)
{
	gradebook__table(b, true, out);
}

static void test_table(void **state)
{
	(void)state;
	expect(table, "bob");
	expect(table, "  ! look here\n");
	expect(table, "  -  01-a matches, 1.5 of 5\n");
	expect(table, "  note: a note\n");
}

static void test_json(void **state)
{
	cleanup_buf struct buf out = { 0 };
	json_t *b = book(), *again;

	(void)state;
	gradebook__json(b, &out);
	again = json_loads(out.data, 0, NULL);
	assert_true(json_equal(b, again));
	json_decref(b);
	json_decref(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),	   cmocka_unit_test(test_junit),
		cmocka_unit_test(test_gradescope), cmocka_unit_test(test_table),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
