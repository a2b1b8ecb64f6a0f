// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

/* The tools' file, which the program is built without. */
#include "../../libbpf/common/syms.c"

static void test_find(void **state)
{
	struct sym sym[] = { { 20, 10, (char *)"second" },
			     { 10, 5, (char *)"first" },
			     { 40, 0, (char *)"last" } };
	struct syms *syms = sorted(&(struct syms){ .sym = sym, .nr = 3 });

	assert_string_equal(syms__find(syms, 9), "[unknown]");
	assert_string_equal(syms__find(syms, 10), "first");
	assert_string_equal(syms__find(syms, 14), "first");
	assert_string_equal(syms__find(syms, 15), "[unknown]");
	assert_string_equal(syms__find(syms, 20), "second");
	assert_string_equal(syms__find(syms, 29), "second");
	assert_string_equal(syms__find(syms, 30), "[unknown]");
	assert_string_equal(syms__find(syms, 1000), "last");
}

static void test_nothing(void **state)
{
	struct syms none = { 0 };

	assert_string_equal(syms__find(&none, 1), "[unknown]");
	assert_string_equal(syms__find(NULL, 1), "[unknown]");
	syms__free(NULL);
}

/* This program's file is mapped somewhere else each time, and so is the C library, of which most
 * systems have stripped all but what it exports.
 */
static void test_process(void **state)
{
	struct syms *syms = syms__of_process(getpid());

	assert_non_null(syms);
	assert_string_equal(syms__find(syms, (uintptr_t)test_process), "test_process");
	assert_string_equal(syms__find(syms, (uintptr_t)test_process + 1), "test_process");
	assert_string_equal(syms__find(syms, (uintptr_t)bsearch), "bsearch");
	assert_string_equal(syms__find(syms, (uintptr_t)&syms), "[unknown]");
	syms__free(syms);
}

static void test_dead_process(void **state)
{
	struct syms *syms;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	syms = syms__of_process(pid);
	assert_non_null(syms);
	assert_string_equal(syms__find(syms, (uintptr_t)test_process), "[unknown]");
	syms__free(syms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_dead_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
