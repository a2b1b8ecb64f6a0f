// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The tools' file, which the program is built without. */
#include "../../libbpf/common/hist.c"

static void test_slots(void **state)
{
	assert_int_equal(log2_slot(0), 0);
	for (__u32 slot = 0; slot < LOG2_SLOTS; slot++) {
		assert_int_equal(log2_slot(1ULL << slot), slot);
		assert_int_equal(log2_slot((2ULL << slot) - 1), slot);
	}
}

/* What print() writes to standard output. The caller frees. */
static char *printed(void (*print)(const __u64 *, int, const char *), const __u64 *slots, int nr)
{
	FILE *out = stdout;
	char *text = NULL;
	size_t len;

	stdout = open_memstream(&text, &len);
	assert_non_null(stdout);
	print(slots, nr, "bytes");
	fclose(stdout);
	stdout = out;
	return text;
}

static void check(void (*print)(const __u64 *, int, const char *), const __u64 *slots, int nr,
		  const char *want)
{
	char *text = printed(print, slots, nr);

	assert_string_equal(text, want);
	free(text);
}

/* The expected texts are what BCC 0.31 prints of the same slots, moved by one for log2. */

static void test_log2(void **state)
{
	const __u64 slots[LOG2_SLOTS] = { 7, 0, 3 };

	check(print_log2_hist, slots, LOG2_SLOTS,
	      "     bytes               : count     distribution\n"
	      "         0 -> 1          : 7        |****************************************|\n"
	      "         2 -> 3          : 0        |                                        |\n"
	      "         4 -> 7          : 3        |*****************                       |\n");
}

/* Ten digits are enough up to slot 31. */
static void test_width(void **state)
{
	__u64 slots[LOG2_SLOTS] = { [31] = 1000000 };
	char *text = printed(print_log2_hist, slots, LOG2_SLOTS);

	assert_non_null(strstr(text, "\n2147483648 -> 4294967295 : 1000000  |****"));
	free(text);
	slots[32] = 50000;
	slots[63] = 999999999;
	text = printed(print_log2_hist, slots, LOG2_SLOTS);
	assert_ptr_equal(strstr(text, "               bytes                         : count     "
				      "distribution\n"
				      "                   0 -> 1                    : 0        "
				      "|                    |\n"),
			 text);
	assert_non_null(strstr(text, "\n          4294967296 -> 8589934591           : 50000    "
				     "|                    |\n"));
	assert_non_null(strstr(text, "\n 9223372036854775808 -> 18446744073709551615 : 999999999 "
				     "|********************|\n"));
	free(text);
}

static void test_linear(void **state)
{
	const __u64 slots[] = { 0, 5, 0, 10, 0 };

	check(print_linear_hist, slots, 5,
	      "     bytes         : count     distribution\n"
	      "        0          : 0        |                                        |\n"
	      "        1          : 5        |********************                    |\n"
	      "        2          : 0        |                                        |\n"
	      "        3          : 10       |****************************************|\n");
}

static void test_nothing(void **state)
{
	const __u64 slots[LOG2_SLOTS] = { 0 };

	check(print_log2_hist, slots, LOG2_SLOTS, "");
	check(print_linear_hist, slots, LOG2_SLOTS, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots),	cmocka_unit_test(test_log2),
		cmocka_unit_test(test_width),	cmocka_unit_test(test_linear),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
