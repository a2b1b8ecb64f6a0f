// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rows.h"

/* --- helpers: a case is judged from strings --- */

static const struct rows_rule counts = { .columns = "PID COMM COUNT", .own = "PID" };
static const struct rows_rule ordered = { .columns = "PID COMM", .own = "PID", .ordered = true };
static const struct rows_rule sums = {
	.columns = "TIME PID COUNT", .own = "PID", .mask = "TIME", .sum = "COUNT"
};
static const struct rows_rule samples = {
	.columns = "PID COUNT STACK", .own = "PID", .sum = "COUNT", .off = 3, .percent = 20
};

#define HEAD  "PID COMM COUNT\n"
#define GOOD  HEAD "7 sh 3\n7 ls 1\n8 sh 2\n"
#define TRUTH "@ready\n@own 7\n@own 8\n" GOOD "@end\n"

static struct text text(const char *s)
{
	return (struct text){ s, strlen(s) };
}

struct judged {
	enum verdict verdict;
	struct buf out;
};

static void judge_facts(struct judged *j, const struct rows_rule *rule, const char *bcc,
			const char *libbpf, const char *truth, const struct need *needs,
			const char *facts)
{
	struct judge_input in = { text(bcc), text(libbpf), text(truth), text(facts) };

	*j = (struct judged){ 0 };
	j->verdict = rows__judge(rule, needs, needs ? 8 : 0, &in, &j->out);
}

static void judge(struct judged *j, const struct rows_rule *rule, const char *bcc,
		  const char *libbpf, const char *truth)
{
	judge_facts(j, rule, bcc, libbpf, truth, NULL, "");
}

/* Asserts that the output holds the line, whole. */
static void assert_line(const struct judged *j, const char *line)
{
	cleanup_free char *needle = xprintf("\n%s\n", line), *hay = xprintf("\n%s", j->out.data);

	if (!strstr(hay, needle))
		fail_msg("no line \"%s\" in:\n%s", line, j->out.data);
}

static void assert_text(const struct judged *j, const char *part)
{
	if (!strstr(j->out.data, part))
		fail_msg("no \"%s\" in:\n%s", part, j->out.data);
}

static void assert_no_text(const struct judged *j, const char *part)
{
	if (strstr(j->out.data, part))
		fail_msg("unexpected \"%s\" in:\n%s", part, j->out.data);
}

static void assert_match(const struct rows_rule *rule, const char *libbpf, const char *truth)
{
	struct judged j;

	judge(&j, rule, libbpf, libbpf, truth);
	assert_int_equal(j.verdict, VERDICT_MATCH);
	assert_line(&j, "verdict match");
	assert_no_text(&j, "message");
	assert_no_text(&j, "cause");
	buf__free(&j.out);
}

/* libbpf's output does not match a good truth, and the judge says so. */
static void assert_mismatch(const struct rows_rule *rule, const char *good, const char *libbpf,
			    const char *truth, const char *says)
{
	struct judged j;

	judge(&j, rule, good, libbpf, truth);
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_line(&j, "verdict mismatch");
	assert_text(&j, says);
	assert_no_text(&j, "message bcc");
	buf__free(&j.out);
}

static void mismatch(const char *libbpf, const char *says)
{
	assert_mismatch(&counts, GOOD, libbpf, TRUTH, says);
}

static void assert_setup(const struct rows_rule *rule, const char *truth, const char *says)
{
	struct judged j;

	judge(&j, rule, GOOD, GOOD, truth);
	assert_int_equal(j.verdict, VERDICT_SETUP);
	assert_line(&j, "verdict mismatch");
	assert_text(&j, says);
	buf__free(&j.out);
}

/* --- matching --- */

static void test_match(void **state __maybe_unused)
{
	assert_match(&counts, GOOD, TRUTH);
	/* Blanks between fields and around lines do not count, the order of rows neither. */
	assert_match(&counts, "PID   COMM\tCOUNT \n  8 sh 2  \n7   ls 1\n7 sh\t3\n", TRUTH);
	/* Rows of others are not compared. */
	assert_match(&counts, GOOD "9 cron 12\n1 init 1\n", TRUTH);
}

static void test_last_column_takes_the_rest(void **state __maybe_unused)
{
	static const struct rows_rule rule = { .columns = "PID PATH" };

	assert_match(&rule, "PID PATH\n7  /tmp/a  b \n8\n", "PID PATH\n7 /tmp/a  b\n8\n@end\n");
	assert_mismatch(&rule, "PID PATH\n7 a  b\n", "PID PATH\n7 a b\n",
			"PID PATH\n7 a  b\n@end\n", "1 row missing, 1 row too many");
}

static void test_one_column(void **state __maybe_unused)
{
	static const struct rows_rule rule = { .columns = "NAME" };

	assert_match(&rule, "NAME\na b\n\n", "NAME\n\na b\n@end\n");
	assert_mismatch(&rule, "NAME\na\n", "NAME\na\n\n", "NAME\na\n@end\n", "1 row too many");
}

static void test_differences(void **state __maybe_unused)
{
	struct judged j;

	judge(&j, &counts, GOOD, HEAD "7 sh 3\n7 ls 2\n9 x 1\n", TRUTH);
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_line(&j, "message libbpf: 2 rows missing, 1 row too many (1 of 3 expected rows are "
			"right)");
	assert_line(&j, "message libbpf: first row too many: 7 ls 2");
	assert_line(&j, "message libbpf: first row missing: 7 ls 1");
	assert_line(&j, "columns PID COMM COUNT");
	assert_line(&j, "row bcc = 7 sh 3");
	assert_line(&j, "row bcc ! 7 ls 1");
	assert_line(&j, "row libbpf = 7 sh 3");
	assert_line(&j, "row libbpf ! 7 ls 2");
	assert_line(&j, "row libbpf . 9 x 1");
	assert_line(&j, "row truth ! 8 sh 2");
	buf__free(&j.out);
}

/* A multiset: how often a row is there counts. */
/* A hash map's order is another one each time; what is told of its rows is not. */
static void test_differences_are_told_alike(void **state __maybe_unused)
{
	mismatch(HEAD "8 sh 5\n7 ls 2\n", "first row too many: 7 ls 2");
	mismatch(HEAD "7 ls 2\n8 sh 5\n", "first row too many: 7 ls 2");
}

static void test_duplicates_count(void **state __maybe_unused)
{
	static const struct rows_rule rule = { .columns = "PID COMM" };
	struct judged j;

	assert_match(&rule, "PID COMM\n7 a\n7 b\n7 a\n", "PID COMM\n7 a\n7 a\n7 b\n@end\n");
	judge(&j, &rule, "PID COMM\n7 a\n7 a\n7 b\n", "PID COMM\n7 a\n7 b\n7 b\n",
	      "PID COMM\n7 a\n7 a\n7 b\n@end\n");
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_text(&j, "row libbpf = 7 a\nrow libbpf = 7 b\nrow libbpf ! 7 b\n");
	assert_text(&j, "row truth = 7 a\nrow truth ! 7 a\nrow truth = 7 b\n");
	buf__free(&j.out);
}

static void test_order(void **state __maybe_unused)
{
	static const char good[] = "PID COMM\n7 a\n8 x\n7 b\n", truth[] =
									"@own 7\n@own 8\n"
									"PID COMM\n7 a\n7 b\n8 x\n"
									"@end\n";
	struct judged j;

	/* Between different own values the order does not count. */
	assert_match(&ordered, good, truth);
	assert_match(&ordered, "PID COMM\n8 x\n7 a\n9 q\n7 b\n", truth);
	judge(&j, &ordered, good, "PID COMM\n7 b\n8 x\n7 a\n", truth);
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_line(&j, "message libbpf: all 3 rows are there, but in another order");
	assert_line(&j, "message libbpf: first row out of place: 7 b");
	assert_line(&j, "message libbpf: expected in its place: 7 a");
	assert_line(&j, "row libbpf ! 7 b");
	assert_line(&j, "row libbpf = 8 x");
	assert_line(&j, "row libbpf ! 7 a");
	buf__free(&j.out);
}

static void test_mask(void **state __maybe_unused)
{
	static const struct rows_rule rule = { .columns = "TIME PID ARGS", .mask = "TIME ARGS" };
	struct judged j;

	assert_match(&rule, "TIME PID ARGS\n1.5 7 x y\n2.5 7\n",
		     "TIME PID ARGS\n* 7 -\n9 7 q\n@end\n");
	judge(&j, &rule, "TIME PID ARGS\n1 7 x\n", "TIME PID ARGS\n3 8 x\n",
	      "TIME PID ARGS\n0 7\n@end\n");
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_line(&j, "row libbpf ! 3 8 x");
	buf__free(&j.out);
}

/* Samples: a sum of 40 may be 3 and a fifth of it away, 11 in all. */
static void test_tolerance(void **state __maybe_unused)
{
	static const char truth[] = "@own 7\nPID COUNT STACK\n7 40 main;f\n7 10 main;g\n"
				    "@mistake the order is wrong\n7 40 f;main\n7 10 g;main\n@end\n";
	static const char most[] = "PID COUNT STACK\n7 40 main;f\n7 15 main;g\n7 11 main;f\n";
	static const char least[] = "PID COUNT STACK\n7 29 main;f\n7 5 main;g\n8 99 main;h\n";
	static const char more[] = "PID COUNT STACK\n7 52 main;f\n7 10 main;g\n";
	static const char noise[] = "PID COUNT STACK\n7 45 main;f\n7 9 main;g\n7 3 main;h\n";
	static const char loud[] = "PID COUNT STACK\n7 40 main;f\n7 10 main;g\n7 4 main;h\n";
	static const char order[] = "PID COUNT STACK\n7 33 f;main\n7 12 g;main\n7 2 h;main\n";
	static const char none[] = "PID COUNT STACK\n7 3 main;h\n";
	struct judged j;

	assert_match(&samples, most, truth);
	assert_match(&samples, least, truth);
	assert_match(&samples, noise, truth);
	judge(&j, &samples, least, noise, truth);
	assert_line(&j, "row libbpf = 7 45 main;f");
	assert_line(&j, "row libbpf . 7 3 main;h");
	assert_line(&j, "row truth = 7 40 main;f");
	buf__free(&j.out);
	assert_mismatch(&samples, most, more, truth, "first row too many: 7 52 main;f");
	assert_mismatch(&samples, most, loud, truth, "first row too many: 7 4 main;h");
	assert_mismatch(&samples, most, order, truth, "cause the order is wrong\n");
	assert_mismatch(&samples, most, none, truth, "2 rows missing, 0 rows too many");
}

static void test_sum(void **state __maybe_unused)
{
	static const char head[] = "TIME PID COUNT\n", truth[] = "@own 7\n@own 8\nTIME PID COUNT\n"
								 "- 7 5\n- 8 1\n@end\n";
	cleanup_free char *good = xprintf("%s1 7 2\n1 8 1\n1 9 1\n2 7 4\n3 7 -1\n", head);
	cleanup_free char *less = xprintf("%s1 7 2\n1 8 1\n2 7 2\n", head);
	cleanup_free char *word = xprintf("%s1 7 two\n", head);
	cleanup_free char *none = xprintf("%s1 7\n", head);
	cleanup_free char *huge = xprintf("%s1 7 9223372036854775807\n2 7 1\n", head);
	struct judged j;

	assert_match(&sums, good, truth);
	judge(&j, &sums, good, less, truth);
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_line(&j, "row libbpf ! 1 7 4");
	assert_line(&j, "row bcc ! 1 7 5");
	assert_line(&j, "row libbpf = 1 8 1");
	buf__free(&j.out);
	assert_mismatch(&sums, good, word, truth, "line 2: COUNT is no number");
	assert_mismatch(&sums, good, word, truth, "row libbpf ! 1 7 two\n");
	assert_mismatch(&sums, good, none, truth, "line 2: COUNT is no number");
	assert_mismatch(&sums, good, huge, truth, "COUNT is no number that can be added up");
}

/* --- output that is malformed never matches --- */

static void test_nothing(void **state __maybe_unused)
{
	mismatch("", "message libbpf: printed nothing\n");
	mismatch("\n", "message libbpf: line 1 is no header line");
	mismatch(HEAD, "message libbpf: 3 rows missing, 0 rows too many");
	mismatch("7 sh 3\n7 ls 1\n8 sh 2\n",
		 "message libbpf: line 1 is no header line \"PID COMM COUNT\": 7 sh 3\n");
	mismatch("PID COMM\n7 sh 3\n7 ls 1\n8 sh 2\n", "message libbpf: line 1 is no header line");
	mismatch("note\n" GOOD,
		 "message libbpf: line 1 is no header line \"PID COMM COUNT\": note\n");
}

static void test_truncated(void **state __maybe_unused)
{
	mismatch(HEAD "7 sh 3\n7 ls 1\n8 sh 2",
		 "message libbpf: output ends in the middle of line 4\n");
	mismatch("PID COMM COUNT", "message libbpf: output ends in the middle of line 1\n");
	mismatch(HEAD "7 sh 3\n7 ls 1\n8 s\n", "message libbpf: 1 row missing");
	mismatch(HEAD "7 sh 3\n7 ls 1\n8\n", "message libbpf: line 4 has 1 of 3 fields\n");
	mismatch(GOOD "\n", "message libbpf: line 5 has 0 of 3 fields\n");
}

/* Keys with unwritten bytes: the same process and name in two rows. */
static void test_split(void **state __maybe_unused)
{
	mismatch(HEAD "7 sh 1\n7 ls 1\n8 sh 2\n7 sh 2\n",
		 "cause rows that print alike are split, their COUNT adds up");
}

static void test_doubled(void **state __maybe_unused)
{
	mismatch(GOOD GOOD, "message libbpf: header line printed twice (line 5)\n");
	mismatch(GOOD "7 sh 3\n7 ls 1\n8 sh 2\n", "cause every row is there twice");
}

static void test_hostile_bytes(void **state __maybe_unused)
{
	static const char nul[] = HEAD "7 sh 3\n7 ls 1\n8 sh 2\0\n";
	struct judge_input in = { text(GOOD), { nul, sizeof(nul) - 1 }, text(TRUTH), text("") };
	struct buf out = { 0 };

	assert_int_equal(rows__judge(&counts, NULL, 0, &in, &out), VERDICT_MISMATCH);
	assert_non_null(strstr(out.data, "line 4 holds characters that are not printable"));
	assert_non_null(strstr(out.data, "row libbpf ! 8 sh 2\\x00\n"));
	buf__free(&out);
	mismatch(HEAD "7 \033[31msh 3\n", "row libbpf ! 7 \\x1b[31msh 3\n");
	mismatch(HEAD "7 \xff 3\n", "row libbpf ! 7 \\xff 3\n");
	mismatch(HEAD "7 sh 3\r\n", "row libbpf ! 7 sh 3\\x0d\n");
	mismatch(HEAD "7 \xe2\x80\xae 3\n", "row libbpf ! 7 \\xe2\\x80\\xae 3\n");
	/* What only looks like an escaped byte is not that byte. */
	assert_mismatch(&counts, HEAD "7 \\x01 3\n", HEAD "7 \x01 3\n",
			"@own 7\n" HEAD "7 \\x01 3\n@end\n", "not printable");
	/* Others' names are their own affair. */
	assert_match(&counts, GOOD "9 \x01\xff 1\n", TRUTH);
	assert_match(&counts, HEAD "7 n\xc3\xaf\xf0\x9f\x90\x9d 1\n",
		     "@own 7\n" HEAD "7 n\xc3\xaf\xf0\x9f\x90\x9d 1\n@end\n");
}

static void test_visible(void **state __maybe_unused)
{
	static const struct {
		const char *in, *out;
		bool clean;
	} cases[] = {
		{ "plain ~", "plain ~", true },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9d", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9d",
		  true },
		{ "\t\x7f", "\\x09\\x7f", false },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m", false },	     /* CSI in one character */
		{ "\xc0\xaf", "\\xc0\\xaf", false }, /* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf", false },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80", false }, /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", false },
		{ "\xe2\x82", "\\xe2\\x82", false },
		{ "\xf0\x9f\x90", "\\xf0\\x9f\\x90", false },
		{ "\x80z", "\\x80z", false },
		{ "\xe2(\xac", "\\xe2(\\xac", false },
		{ "a\xef\xbb\xbf", "a\\xef\\xbb\\xbf", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b = { 0 };

		assert_int_equal(text__visible(&b, text(cases[i].in)), cases[i].clean);
		assert_string_equal(b.data, cases[i].out);
		buf__free(&b);
	}
}

/* A character cut off by the end of the memory. */
static void test_visible_end(void **state __maybe_unused)
{
	struct buf b = { 0 };
	char *end = xcalloc(1, 3);

	memcpy(end, "\xf0\x9f\x90", 3);
	assert_false(text__visible(&b, (struct text){ end, 3 }));
	assert_string_equal(b.data, "\\xf0\\x9f\\x90");
	buf__free(&b);
	free(end);
}

/* Repeats a line behind GOOD and its like until the output is `size` long. */
static void fill(struct buf *b, const char *line, size_t size)
{
	while (b->len < size)
		buf__add(b, line, strlen(line));
}

static void test_bounds(void **state __maybe_unused)
{
	struct buf out = { 0 }, line = { 0 };
	struct truth none = { 0 };
	struct rows rows;

	fill(&line, "x", ROWS_MAX_LINE - 4);
	buf__printf(&out, HEAD "7 %s 1\n", line.data);
	rows__parse(&rows, &counts, &none, (struct text){ out.data, out.len });
	assert_null(rows.problem);
	rows__free(&rows);
	out.len = 0;
	buf__printf(&out, HEAD "7 %sx 1\n", line.data);
	rows__parse(&rows, &counts, &none, (struct text){ out.data, out.len });
	assert_string_equal(rows.problem, "line 2 is longer than 8192 bytes");
	rows__free(&rows);

	out.len = 0;
	buf__printf(&out, HEAD);
	fill(&out, "9 a 1\n", ROWS_MAX * 6 + 20 + strlen(HEAD));
	rows__parse(&rows, &counts, &none, (struct text){ out.data, out.len });
	assert_string_equal(rows.problem, "more than 1000000 rows");
	assert_int_equal(rows.nr, ROWS_MAX);
	rows__free(&rows);

	fill(&out, "9 abcdefghijklmnopqrstuvwxyz 1\n", ROWS_MAX_BYTES + 1);
	rows__parse(&rows, &counts, &none, (struct text){ out.data, out.len });
	assert_string_equal(rows.problem, "printed more than 16 MiB");
	rows__free(&rows);
	buf__free(&out);
	buf__free(&line);
}

static void test_listing_is_bounded(void **state __maybe_unused)
{
	struct buf out = { 0 };
	struct judged j;

	buf__printf(&out, GOOD);
	for (int i = 0; i < 2 * ROWS_LISTED; i++)
		buf__printf(&out, "9 a %d\n", i);
	buf__printf(&out, "7 late 1\n");
	judge(&j, &counts, GOOD, out.data, TRUTH);
	assert_line(&j, "row libbpf ! 7 late 1");
	assert_line(&j, "row libbpf . 9 a 996");
	assert_no_text(&j, "9 a 997");
	assert_line(&j, "more libbpf 1003");
	assert_no_text(&j, "more bcc");
	buf__free(&out);
	buf__free(&j.out);
}

/* --- the truth --- */

static void test_truth_at_fault(void **state __maybe_unused)
{
	assert_setup(&counts, "", "message truth: cut off before @end: the stimulus is at fault");
	assert_setup(&counts, "@own 7\n@own 8\n" GOOD, "message truth: cut off before @end");
	assert_setup(&counts, "@own 7\n@own 8\n" GOOD "@end", "truth: output ends in the middle");
	assert_setup(&counts, "@own 7\n" HEAD "@end\n", "message truth: no rows");
	assert_setup(&counts, "@own 7\n@end\n", "message truth: no rows");
	assert_setup(&counts, "@own 7\n7 sh 3\n@end\n", "message truth: line 2 is no header line");
	assert_setup(&counts, "@own 7\n" GOOD "@end\n", "line 5: no @own names this row");
	assert_setup(&counts, "@own 7\n@own 8\n" GOOD GOOD "@end\n", "header line printed twice");
	assert_setup(&counts, TRUTH "7 sh 1\n", "stands behind @end");
	assert_setup(&counts, TRUTH TRUTH, "stands behind @end");
	assert_setup(&counts, "@own 7\n@own 8\n@what\n" GOOD "@end\n", "unknown directive");
	assert_setup(&counts, "@own 7\n@own 8\n" GOOD "@mistake m\n7\n@end\n",
		     "message truth: @mistake: line 8 has 1 of 3 fields");
}

static void test_rule_at_fault(void **state __maybe_unused)
{
	static const struct rows_rule wrong[] = {
		{ .columns = NULL },
		{ .columns = "  " },
		{ .columns = "PID PID" },
		{ .columns = "PID COMM COUNT", .own = "TID" },
		{ .columns = "PID COMM COUNT", .mask = "COMM TIME" },
		{ .columns = "PID COMM COUNT", .sum = "N" },
		{ .columns = "PID COMM COUNT", .own = "PID", .mask = "PID" },
		{ .columns = "PID COMM COUNT", .own = "PID", .sum = "PID" },
		{ .columns = "PID COMM COUNT", .mask = "COUNT", .sum = "COUNT" },
		{ .columns = "A B C D E F G H I J K L M N O P Q" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_setup(&wrong[i], TRUTH, "message truth: the rule of columns");
	assert_null(rows__check_rule(&sums));
}

static void test_prototype_at_fault(void **state __maybe_unused)
{
	struct judged j;

	judge(&j, &counts, HEAD "7 sh 3\n7 ls 1\n", GOOD, TRUTH);
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_text(&j, "message bcc: 1 row missing");
	assert_text(&j, "message bcc rows differ from the truth while libbpf rows equal it");
	assert_no_text(&j, "message libbpf");
	assert_line(&j, "row libbpf ! 8 sh 2");
	assert_line(&j, "row truth ! 8 sh 2");
	assert_no_text(&j, "cause");
	buf__free(&j.out);
	judge(&j, &counts, HEAD "7 sh 4\n7 ls 1\n8 sh 2\n", HEAD "7 ls 1\n7 sh 4\n8 sh 2\n", TRUTH);
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_text(&j, "message bcc and libbpf rows are equal, only the truth differs");
	assert_line(&j, "row bcc ! 7 sh 4");
	assert_line(&j, "row libbpf ! 7 sh 4");
	assert_line(&j, "row libbpf = 7 ls 1");
	buf__free(&j.out);
}

/* --- causes --- */

static void cause(const struct rows_rule *rule, const char *good, const char *libbpf,
		  const char *truth, const char *expected)
{
	struct judged j;

	judge(&j, rule, good, libbpf, truth);
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	if (expected)
		assert_text(&j, expected);
	else
		assert_no_text(&j, "cause");
	buf__free(&j.out);
}

static void test_mistakes(void **state __maybe_unused)
{
	static const char truth[] = "@own 7\n@own 8\n@own 70\n" GOOD "@mistake adds threads\n"
				    "7 sh 4\n8 sh 2\n@mistake is the thread\n70 sh 3\n7 ls 1\n"
				    "8 sh 2\n@mistake prints nothing\n@end\n";

	cause(&counts, GOOD, HEAD "8 sh 2\n7 sh 4\n", truth, "\ncause adds threads\n");
	cause(&counts, GOOD, HEAD "8 sh 2\n70 sh 3\n9 x 1\n7 ls 1\n", truth,
	      "\ncause is the thread\n");
	cause(&counts, GOOD, HEAD, truth, "\ncause prints nothing\n");
	cause(&counts, GOOD, HEAD "8 sh 2\n", truth, NULL);
	/* Malformed output is no known mistake. */
	cause(&counts, GOOD, HEAD "8 sh 2\n7 sh 4", truth, NULL);
	cause(&counts, GOOD, "", truth, NULL);
	assert_match(&counts, GOOD, truth);
}

/* What no row shows fails a check whose rows are right, and is told beside other causes. */
static void test_fault(void **state __maybe_unused)
{
	static const char truth[] = "@own 7\n@own 8\n@fault left a\tfilter\n@fault and more\n" GOOD
				    "@mistake prints nothing\n@end\n";

	cause(&counts, GOOD, GOOD, truth, "\nmessage libbpf: left a\\x09filter\n");
	cause(&counts, GOOD, HEAD, truth, "\nmessage libbpf: left a\\x09filter\n");
	cause(&counts, GOOD, HEAD, truth, "\ncause prints nothing\n");
	cause(&counts, GOOD, GOOD, truth, NULL);
}

/* Rows of a mistake that nobody could tell from others' do not equal "no rows". */
static void test_mistake_of_others(void **state __maybe_unused)
{
	cause(&counts, GOOD, HEAD, "@own 7\n@own 8\n" GOOD "@mistake foreign\n99 sh 4\n@end\n",
	      "cause there is a header but no row");
}

static void test_no_rows(void **state __maybe_unused)
{
	cause(&counts, GOOD, HEAD, TRUTH, "cause there is a header but no row");
	cause(&counts, GOOD, HEAD "70 sh 3\n", TRUTH,
	      "cause every row is of another process: is column PID the process's ID");
}

static void test_twice(void **state __maybe_unused)
{
	cause(&counts, GOOD, HEAD "7 sh 6\n7 ls 2\n8 sh 4\n", TRUTH,
	      "cause column COUNT is twice the truth in every row");
	cause(&counts, GOOD, HEAD "7 sh 3\n7 ls 1\n8 sh 2\n8 sh 2\n7 ls 1\n7 sh 3\n", TRUTH,
	      "cause every row is there twice");
	cause(&counts, GOOD, HEAD "7 sh 3\n7 ls 1\n8 sh 2\n8 sh 2\n7 ls 1\n7 ls 1\n", TRUTH, NULL);
	cause(&counts, GOOD,
	      HEAD "7 sh 3\n7 ls 1\n8 sh 2\n8 sh 2\n7 ls 1\n7 sh 3\n8 sh 2\n8 sh 2\n", TRUTH, NULL);
	/* One is there twice, none is split though its zeroes add up. */
	cause(&counts, HEAD "7 sh 0\n7 ls 1\n", HEAD "7 sh 0\n7 sh 0\n7 ls 1\n",
	      "@own 7\n" HEAD "7 sh 0\n7 ls 1\n@end\n", NULL);
	/* 7 is not twice 3. */
	cause(&counts, GOOD, HEAD "7 sh 7\n7 ls 2\n8 sh 4\n", TRUTH,
	      "cause only column COUNT differs");
}

static void test_dull_columns(void **state __maybe_unused)
{
	static const struct rows_rule rule = { .columns = "PID ADDR COMM", .own = "PID" };
	static const char good[] = "PID ADDR COMM\n7 1.2.3.4 a\n7 1.2.3.5 b\n",
			  truth[] = "@own 7\nPID ADDR COMM\n7 1.2.3.4 a\n7 1.2.3.5 b\n@end\n";

	cause(&rule, good, "PID ADDR COMM\n7 1.2.3.4\n7 1.2.3.5\n", truth,
	      "cause column COMM is empty in every row");
	cause(&rule, good, "PID ADDR COMM\n7 1.2.3.4\n", truth,
	      "cause column COMM is empty in every row");
	cause(&rule, good, "PID ADDR COMM\n7 0.0.0.0 a\n7 0.0.0.0 b\n", truth,
	      "cause column ADDR is zero in every row");
	cause(&rule, good, "PID ADDR COMM\n7 1.2.3.4 b\n7 1.2.3.4 a\n7 1.2.3.4 b\n", truth, NULL);
	cause(&rule, good, "PID ADDR COMM\n7 1.2.3.4 a\n7 1.2.3.4 b\n", truth,
	      "cause column ADDR is the same in every row");
	cause(&rule, good, "PID ADDR COMM\n7 1.2.3.4 x\n7 1.2.3.5 y\n", truth,
	      "cause only column COMM differs from the truth");
	/* What the truth says as well is no cause. */
	cause(&rule, "PID ADDR COMM\n7 0x0 a\n", "PID ADDR COMM\n7 0x0 b\n",
	      "@own 7\nPID ADDR COMM\n7 0x0 a\n@end\n", "cause only column COMM differs");
}

static void test_byte_order(void **state __maybe_unused)
{
	static const struct rows_rule rule = { .columns = "PID PORT ADDR", .own = "PID" };
	static const char good[] = "PID PORT ADDR\n7 80 127.0.0.1\n7 443 10.0.0.2\n",
			  truth[] = "@own 7\nPID PORT ADDR\n7 80 127.0.0.1\n7 443 10.0.0.2\n@end\n";
	static const struct rows_rule number = { .columns = "PID N" };

	cause(&rule, good, "PID PORT ADDR\n7 20480 127.0.0.1\n7 47873 10.0.0.2\n", truth,
	      "cause the bytes of column PORT are swapped: see bpf_ntohs()");
	cause(&rule, good, "PID PORT ADDR\n7 86016 127.0.0.1\n7 47873 10.0.0.2\n", truth,
	      "cause only column PORT differs");
	cause(&rule, good, "PID PORT ADDR\n7 80 1.0.0.127\n7 443 2.0.0.10\n", truth,
	      "cause the bytes of column ADDR are swapped: inet_ntop()");
	cause(&number, "PID N\n7 16909060\n7 5\n", "PID N\n7 67305985\n7 83886080\n",
	      "PID N\n7 16909060\n7 5\n@end\n",
	      "cause the bytes of column N are swapped: see "
	      "bpf_ntohl()");
}

static void test_no_cause(void **state __maybe_unused)
{
	cause(&counts, GOOD, HEAD "7 sh 9\n7 lt 1\n8 sh 2\n", TRUTH, NULL);
}

/* --- needs --- */

static void test_needs(void **state __maybe_unused)
{
	static const char facts[] = "program p section=ksyscall/clone type=kprobe insns=42\n"
				    "map counts type=hash key=4 value=8 max_entries=9 flags=0\n";
	static const struct need needs[8] = {
		{ "program * section=ksyscall/clone type=kprobe *", "a ksyscall program" },
		{ "map * type=ringbuf *", "a ring buffer" },
		{ "!map * type=hash *", "no hash map" },
		{ "!map * type=lru_hash *", "no LRU map" },
	};
	struct judged j;

	judge_facts(&j, &counts, GOOD, GOOD, TRUTH, needs, facts);
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_line(&j, "verdict mismatch");
	assert_line(&j, "need ok a ksyscall program");
	assert_line(&j, "need missing a ring buffer");
	assert_line(&j, "need missing no hash map");
	assert_line(&j, "need ok no LRU map");
	assert_line(&j, "message the object lacks: a ring buffer");
	assert_line(&j, "message the object does not keep to: no hash map");
	assert_line(&j, "row libbpf = 7 sh 3");
	buf__free(&j.out);
	/* Whoever knows nothing of the object cannot say that it keeps to anything. */
	judge_facts(&j, &counts, GOOD, GOOD, TRUTH, needs + 3, "");
	assert_int_equal(j.verdict, VERDICT_MISMATCH);
	assert_line(&j, "need missing no LRU map");
	assert_line(&j, "message facts: nothing is known of the object");
	buf__free(&j.out);
	judge_facts(&j, &counts, GOOD, GOOD, TRUTH, needs + 3, facts);
	assert_int_equal(j.verdict, VERDICT_MATCH);
	buf__free(&j.out);
}

static void test_need_facts(void **state __maybe_unused)
{
	const struct need ring = { "call * bpf_ringbuf_reserve", "r" }, never = { "!call *", "n" };
	struct buf line = { 0 };

	assert_true(need__met(&ring, text("call a bpf_ringbuf_reserve")));
	assert_false(
		need__met(&ring, text("call a bpf_ringbuf_reserve2\ncall bpf_ringbuf_reserve\n")));
	assert_false(need__met(&never, text("\n\n")));
	assert_true(need__met(&never, text("license GPL\n")));
	/* No fact is that long; what it says cannot be told. */
	fill(&line, "call ", 5000);
	assert_false(need__met(&never, (struct text){ line.data, line.len }));
	/* A long name does not hide what must not be. */
	buf__printf(&line, " bpf_x\nlicense GPL\n");
	assert_false(need__met(&never, (struct text){ line.data, line.len }));
	buf__free(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_last_column_takes_the_rest),
		cmocka_unit_test(test_one_column),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_differences_are_told_alike),
		cmocka_unit_test(test_duplicates_count),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_tolerance),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_doubled),
		cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_visible_end),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_listing_is_bounded),
		cmocka_unit_test(test_truth_at_fault),
		cmocka_unit_test(test_rule_at_fault),
		cmocka_unit_test(test_prototype_at_fault),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_mistake_of_others),
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_dull_columns),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_byte_order),
		cmocka_unit_test(test_no_cause),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_need_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
