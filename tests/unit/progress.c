// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "progress.h"

static void test_round_trip(void **state __maybe_unused)
{
	cleanup_progress struct progress p = { 0 }, again = { 0 };
	cleanup_buf struct buf out = { 0 };

	progress__parse("", "08-ring-buffer", &p);
	assert_int_equal(p.passed.count, 0);
	strings__add(&p.passed, xstrdup("6.12"));
	strings__add(&p.passed, xstrdup("latest"));
	p.hints = 2;
	p.cause = xstrdup("threads are counted\nas processes");
	progress__replace("", &p, &out);
	progress__parse(out.data, "08-ring-buffer", &again);
	assert_int_equal(again.passed.count, 2);
	assert_string_equal(again.passed.items[1], "latest");
	assert_int_equal(again.hints, 2);
	assert_string_equal(again.cause, "threads are counted as processes");
	assert_null(again.failed);
}

/* Other exercises' lines and a person's notes stay where they are. */
static void test_others_stay(void **state __maybe_unused)
{
	static const char text[] = "# mine\n01-a passed=6.1\n08-ring-bufferx "
				   "hints=1\n08-ring-buffer hints=1\n11-z hints=3";
	cleanup_progress struct progress p = { 0 };
	cleanup_buf struct buf out = { 0 };

	progress__parse(text, "08-ring-buffer", &p);
	assert_int_equal(p.hints, 1);
	p.hints = 2;
	progress__replace(text, &p, &out);
	assert_string_equal(out.data, "# mine\n01-a passed=6.1\n08-ring-buffer "
				      "hints=2\n08-ring-bufferx hints=1\n11-z hints=3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
