// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "verifier.h"

static const char source[] = "int f(void *ctx)\n{\n\tcount = lookup();\n\t(*count)++;\n}\n";

/* As 5.10 and 6.1 write it: the text of the line, without its place. */
static const char old_log[] = "libbpf: prog 'f': BPF program load failed: Permission denied\n"
			      "libbpf: prog 'f': -- BEGIN PROG LOAD LOG --\n"
			      "; count = lookup();\n"
			      "0: (85) call bpf_map_lookup_elem#1\n"
			      "; (*count)++;\n"
			      "1: (79) r1 = *(u64 *)(r0 +0)\n"
			      "R0 invalid mem access 'map_value_or_null'\n"
			      "-- END PROG LOAD LOG --\n"
			      "libbpf: failed to load program 'f'\n";

static void test_old_kernel(void **state __maybe_unused)
{
	cleanup_buf struct buf out = { 0 };

	assert_true(verifier__excerpt(old_log, "x.bpf.c", source, 2, &out));
	assert_string_equal(out.data, "x.bpf.c:4: (*count)++;\n"
				      "  | 1: (79) r1 = *(u64 *)(r0 +0)\n"
				      "  | R0 invalid mem access 'map_value_or_null'\n");
}

static void test_new_kernel(void **state __maybe_unused)
{
	static const char log[] = "libbpf: prog 'f': -- BEGIN PROG LOAD LOG --\n"
				  "; return tool(x); @ tool.h:7\n"
				  "R0 !read_ok\n"
				  "-- END PROG LOAD LOG --\n";
	cleanup_buf struct buf out = { 0 };

	assert_true(verifier__excerpt(log, "x.bpf.c", source, 9, &out));
	assert_non_null(strstr(out.data, "tool.h:7: return tool(x);\n"));
	assert_non_null(strstr(out.data, "  | R0 !read_ok\n"));
}

static void test_no_log(void **state __maybe_unused)
{
	cleanup_buf struct buf out = { 0 };

	assert_false(verifier__excerpt("x: attach: No such file or directory\n", "x.bpf.c", source,
				       9, &out));
	assert_false(
		verifier__excerpt("-- BEGIN PROG LOAD LOG --\ncut", "x.bpf.c", source, 9, &out));
}

/* Who writes a log of its own may write lines of megabytes. */
static void test_long_lines(void **state __maybe_unused)
{
	cleanup_free char *line = xcalloc(100001, 1), *log = NULL;
	cleanup_buf struct buf out = { 0 };

	memset(line, '\033', 100000);
	log = xprintf("BEGIN PROG LOAD LOG --\n; %s @ %s\n%s\n-- END PROG LOAD LOG", line, line,
		      line);
	assert_true(verifier__excerpt(log, "x.bpf.c", source, 9, &out));
	assert_non_null(strstr(out.data, "\033 ...\n"));
	assert_true(out.len < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_old_kernel),
		cmocka_unit_test(test_new_kernel),
		cmocka_unit_test(test_no_log),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
