// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "report.h"
#include "rows.h"

static int parse(struct report *r, const char *text)
{
	return report__parse(r, text, strlen(text));
}

/* What report__print() writes; the caller frees. */
static char *print(const struct report *r, unsigned int width)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	report__print(f, r, width);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("unexpected \"%s\" in:\n%s", part, text);
}

static const char mismatch[] = "verdict mismatch\n"
			       "message libbpf: 1 row missing, 1 row too many (1 of 2 right)\n"
			       "message the object lacks: a ring buffer\n"
			       "cause counts zero\n"
			       "need ok a program\n"
			       "need missing a ring buffer\n"
			       "columns PID COMM COUNT\n"
			       "row bcc = 7001 sh 3\n"
			       "row bcc ! 17002 longer 12\n"
			       "row libbpf = 7001 sh 3\n"
			       "row libbpf ! 17002 longer 0\n"
			       "row libbpf . 1 init 9\n"
			       "row truth = 7001 sh 3\n"
			       "row truth ! 17002 longer 12\n";

/* --- parsing --- */

static void test_parse(void **state __maybe_unused)
{
	struct report r;

	assert_int_equal(parse(&r, mismatch), 0);
	assert_false(r.match);
	assert_int_equal(r.nr_messages, 2);
	assert_string_equal(r.message[1], "the object lacks: a ring buffer");
	assert_string_equal(r.cause, "counts zero");
	assert_int_equal(r.nr_needs, 2);
	assert_true(r.need[0].ok);
	assert_string_equal(r.need[0].text, "a program");
	assert_false(r.need[1].ok);
	assert_int_equal(r.nr_columns, 3);
	assert_string_equal(r.column[2], "COUNT");
	assert_int_equal(r.side[REPORT_BCC].nr, 2);
	assert_int_equal(r.side[REPORT_LIBBPF].nr, 3);
	assert_int_equal(r.side[REPORT_LIBBPF].row[1].mark, '!');
	assert_string_equal(r.side[REPORT_LIBBPF].row[1].text, "17002 longer 0");
	report__free(&r);
	assert_int_equal(parse(&r, "verdict match\n"), 0);
	assert_true(r.match);
	report__free(&r);
}

/* The judge's verdict, whole and once, or none. */
static void test_no_verdict(void **state __maybe_unused)
{
	static const char *const texts[] = {
		"",
		"\n",
		"verdict match",
		"message no verdict\n",
		"verdict maybe\n",
		"verdict \n",
		"verdict match\nverdict match\n",
		"verdict mismatch\nverdict match\n",
		"verdict match\nrow libbpf = 1",
		"Verdict match\n",
		" verdict match\n",
		"verdict match \n",
		"verdictmatch\n",
	};
	struct report r;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (parse(&r, texts[i]) != -EINVAL)
			fail_msg("a verdict in \"%s\"", texts[i]);
		report__free(&r);
	}
	assert_int_equal(report__parse(&r, NULL, 0), -EINVAL);
	report__free(&r);
}

static void test_odd_lines(void **state __maybe_unused)
{
	struct report r;

	assert_int_equal(parse(&r,
			       "verdict mismatch\n\nrow\nrow bcc\nrow nobody = x\nrow bcc ? x\n"
			       "row bcc == x\nneed\nmore\nmore bcc -1\nmore bcc 99999999999\n"
			       "cause\ncause again\ncolumns\nunknown x\nrow bcc =\nmore bcc 5\n"),
			 0);
	assert_int_equal(r.side[REPORT_BCC].nr, 1);
	assert_string_equal(r.side[REPORT_BCC].row[0].text, "");
	assert_int_equal(r.side[REPORT_BCC].hidden, 5);
	assert_int_equal(r.nr_needs, 1);
	assert_false(r.need[0].ok);
	assert_string_equal(r.cause, "");
	assert_int_equal(r.nr_columns, 0);
	report__free(&r);
}

static void test_hostile_text(void **state __maybe_unused)
{
	static const char text[] = "verdict mismatch\ncolumns \033[2J\nmessage \xff\0\xc2\x9b\n"
				   "row libbpf ! a\033]0;title\007b\n";
	struct report r;
	char *shown;

	assert_int_equal(report__parse(&r, text, sizeof(text) - 1), 0);
	assert_string_equal(r.message[0], "\\xff\\x00\\xc2\\x9b");
	assert_string_equal(r.column[0], "\\x1b[2J");
	assert_string_equal(r.side[REPORT_LIBBPF].row[0].text, "a\\x1b]0;title\\x07b");
	shown = print(&r, 80);
	for (const char *c = shown; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	free(shown);
	report__free(&r);
}

static void test_bounds(void **state __maybe_unused)
{
	struct buf b = { 0 };
	struct report r;

	buf__printf(&b, "verdict mismatch\nmessage ");
	for (int i = 0; i < REPORT_MAX_TEXT; i++)
		buf__add(&b, "\001", 1);
	buf__printf(&b, "\n");
	for (int i = 0; i < REPORT_MAX_ROWS + 10; i++)
		buf__printf(&b, "message m\nneed ok n\nrow truth = %d\n", i);
	buf__printf(&b, "more truth 7\n");
	assert_int_equal(report__parse(&r, b.data, b.len), 0);
	assert_int_equal(strlen(r.message[0]), REPORT_MAX_TEXT);
	assert_int_equal(r.nr_messages, REPORT_MAX_ITEMS);
	assert_int_equal(r.nr_needs, REPORT_MAX_ITEMS);
	assert_int_equal(r.side[REPORT_TRUTH].nr, REPORT_MAX_ROWS);
	assert_int_equal(r.side[REPORT_TRUTH].hidden, 17);
	report__free(&r);
	buf__free(&b);
}

/* --- printing --- */

static void test_side_by_side(void **state __maybe_unused)
{
	struct report r;
	char *shown;

	assert_int_equal(parse(&r, mismatch), 0);
	shown = print(&r, 80);
	assert_string_equal(shown, "  BCC (the truth): 2 rows, 1 unmatched     "
				   "libbpf: 2 rows, 1 unmatched\n"
				   "  PID    COMM    COUNT                     "
				   "PID    COMM    COUNT\n"
				   "  7001   sh      3                         "
				   "7001   sh      3\n"
				   "! 17002  longer  12                      ! "
				   "17002  longer  0\n"
				   "                                           "
				   "(1 row of others)\n"
				   "\n"
				   "libbpf: 1 row missing, 1 row too many (1 of 2 right)\n"
				   "likely cause: counts zero\n"
				   "  need met: a program\n"
				   "! need not met: a ring buffer\n");
	free(shown);
	report__free(&r);
}

static void test_narrow(void **state __maybe_unused)
{
	struct report r;
	char *shown;

	assert_int_equal(parse(&r, mismatch), 0);
	for (unsigned int width = 1; width < 120; width++) {
		shown = print(&r, width);
		for (char *line = strtok(shown, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(strlen(line) <= (width < 30 ? 30 : width));
		free(shown);
	}
	shown = print(&r, 60);
	assert_has(shown, "  BCC (the truth): 2 rows, 1 unmatched\n  PID    COMM    COUNT\n"
			  "  7001   sh      3\n! 17002  longer  12\n\n  libbpf: 2 rows");
	free(shown);
	report__free(&r);
}

static void test_wrapping(void **state __maybe_unused)
{
	struct report r;
	char *shown;

	assert_int_equal(parse(&r, "verdict mismatch\ncolumns PID PATH\n"
				   "row bcc = 7 /a/very/long/path/that/needs/more/than/a/line\n"
				   "message words that do not fit into thirty columns wrap\n"),
			 0);
	shown = print(&r, 30);
	assert_has(shown, "  7    /a/very/long/path/that/\n    needs/more/than/a/line\n");
	assert_has(shown, "words that do not fit into\n  thirty columns wrap\n");
	free(shown);
	report__free(&r);
}

/* The truth is shown only where BCC's table is not the truth anyway. */
static void test_truth_shown(void **state __maybe_unused)
{
	static const char rows[] = "columns PID\nrow bcc ! 1\nrow libbpf ! 1\nrow truth ! 2\n";
	static const char *const says[] = { "bcc: 1 row missing", "truth: cut off",
					    "bcc and libbpf rows are equal" };
	struct report r;
	char *shown;

	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		cleanup_free char *text =
			xprintf("verdict mismatch\nmessage %s\n%s", says[i], rows);

		assert_int_equal(parse(&r, text), 0);
		shown = print(&r, 0);
		assert_has(shown, "  truth: 1 row, 1 unmatched\n  PID\n! 2\n");
		assert_has(shown, "  BCC: 1 row");
		free(shown);
		report__free(&r);
	}
	assert_int_equal(parse(&r, "verdict match\ncolumns PID\nrow bcc = 1\nrow libbpf = 1\n"
				   "row truth = 1\n"),
			 0);
	shown = print(&r, 0);
	assert_has(shown, "  BCC (the truth): 1 row ");
	assert_has_not(shown, "  truth:");
	assert_has_not(shown, "!");
	free(shown);
	report__free(&r);
}

/* One huge field does not push the others' columns out of sight. */
static void test_wide_field(void **state __maybe_unused)
{
	static const char wide[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	cleanup_free char *text =
		xprintf("verdict match\ncolumns A B\nrow bcc = %s 1\nrow bcc = a 2\n", wide);
	cleanup_free char *expected = xprintf("  A%41sB\n  %s  1\n  a%41s2\n", "", wide, "");
	struct report r;
	char *shown;

	assert_int_equal(parse(&r, text), 0);
	shown = print(&r, 70);
	assert_has(shown, expected);
	free(shown);
	report__free(&r);
}

/* Nor does a flood of them: a row's end is not shown. */
static void test_long_row(void **state __maybe_unused)
{
	struct report r;
	char *shown;

	assert_int_equal(parse(&r, "verdict mismatch\ncolumns A\nrow libbpf ! begin\n"), 0);
	free(r.side[REPORT_LIBBPF].row[0].text);
	r.side[REPORT_LIBBPF].row[0].text = xprintf("begin%999dend", 1);
	shown = print(&r, 200);
	assert_has(shown, "! begin   ");
	assert_has(shown, "...\n");
	assert_has_not(shown, "1end");
	free(shown);
	report__free(&r);
}

static void print_long(unsigned int wrong, const char *first, const char *last, const char *above,
		       const char *below)
{
	struct buf b = { 0 };
	struct report r;
	char *shown;

	buf__printf(&b, "verdict mismatch\ncolumns N\nmore libbpf 4\n");
	for (unsigned int i = 0; i < 50; i++)
		buf__printf(&b, "row libbpf . other\nrow libbpf %c %u\n", i == wrong ? '!' : '=',
			    i);
	assert_int_equal(report__parse(&r, b.data, b.len), 0);
	shown = print(&r, 40);
	assert_has(shown, "  libbpf: 50 rows, 1 unmatched, 4 not\n    listed\n");
	assert_has(shown, first);
	assert_has(shown, last);
	assert_has(shown, above);
	assert_has(shown, below);
	assert_has(shown, "(50 rows of others)\n");
	free(shown);
	report__free(&r);
	buf__free(&b);
}

static void test_long_tables(void **state __maybe_unused)
{
	print_long(0, "  N\n! 0\n", "\n  11\n  (38", "! 0\n", "  (38 more rows not shown)\n");
	print_long(20, "shown)\n  17\n", "\n  28\n  (21", "  (17 rows above not shown)\n",
		   "  19\n! 20\n  21\n");
	print_long(49, "shown)\n  38\n", "\n! 49\n  (50", "  (38 rows above not shown)\n", "48\n");
}

static void test_utf8_columns(void **state __maybe_unused)
{
	struct report r;
	char *shown;

	assert_int_equal(parse(&r, "verdict match\ncolumns COMM N\nrow bcc = n\xc3\xa4h\xc3\xa9 1\n"
				   "row bcc = abcd 2\nrow bcc = last\n"),
			 0);
	shown = print(&r, 30);
	assert_has(shown, "  COMM  N\n  n\xc3\xa4h\xc3\xa9  1\n  abcd  2\n  last\n");
	free(shown);
	report__free(&r);
}

/* What the judge writes is what is parsed. */
static void test_with_judge(void **state __maybe_unused)
{
	static const struct rows_rule rule = { .columns = "PID COMM", .own = "PID" };
	static const char bcc[] = "PID COMM\n7 a b\n", libbpf[] = "PID COMM\n7 c\n9 d\n",
			  truth[] = "@own 7\nPID COMM\n7 a b\n@mistake reads it twice\n7 c\n@end\n";
	const struct judge_input in = { { bcc, sizeof(bcc) - 1 },
					{ libbpf, sizeof(libbpf) - 1 },
					{ truth, sizeof(truth) - 1 },
					{ "license GPL\n", 12 } };
	const struct need needs[] = { { "license GPL", "a licence" } };
	struct buf out = { 0 };
	struct report r;

	assert_int_equal(rows__judge(&rule, needs, 1, &in, &out), VERDICT_MISMATCH);
	assert_int_equal(report__parse(&r, out.data, out.len), 0);
	assert_false(r.match);
	assert_string_equal(r.cause, "reads it twice");
	assert_true(r.need[0].ok);
	assert_string_equal(r.side[REPORT_TRUTH].row[0].text, "7 a b");
	assert_int_equal(r.side[REPORT_LIBBPF].row[1].mark, '.');
	report__free(&r);
	buf__free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	     cmocka_unit_test(test_no_verdict),
		cmocka_unit_test(test_odd_lines),    cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_bounds),	     cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_narrow),	     cmocka_unit_test(test_wrapping),
		cmocka_unit_test(test_truth_shown),  cmocka_unit_test(test_long_tables),
		cmocka_unit_test(test_utf8_columns), cmocka_unit_test(test_wide_field),
		cmocka_unit_test(test_long_row),     cmocka_unit_test(test_with_judge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
