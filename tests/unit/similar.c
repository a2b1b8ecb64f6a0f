// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "similar.h"

static const char mine[] = "int f(void *ctx)\n{\n\t__u64 id = bpf_get_current_pid_tgid();\n"
			   "\t__u32 pid = id >> 32; /* the process */\n"
			   "\tif (pid == targ_pid)\n\t\tcount(&counts, pid);\n\treturn 0;\n}\n";
static const char same[] =
	"int f(void *ctx) { // as mine\n __u64 id = bpf_get_current_pid_tgid ( ) ;"
	" __u32 pid = id >> 32; if (pid == targ_pid) count(&counts, pid);"
	" return 0; }";
static const char own[] =
	"int on_call(struct pt_regs *regs)\n{\n\tstruct key k = {};\n"
	"\tk.tgid = bpf_get_current_pid_tgid() >> 32;\n"
	"\tbpf_get_current_comm(&k.comm, sizeof(k.comm));\n\tbump(&k);\n\treturn 0;\n}\n";

static struct shingles of(const char *text)
{
	struct shingles s = { 0 };

	similar__add(&s, text, strlen(text), NULL);
	similar__sort(&s);
	return s;
}

static double share(const char *a, const char *b)
{
	cleanup_shingles struct shingles x = of(a), y = of(b);

	return similar__share(&x, &y);
}

static void test_blanks_and_comments_do_not_count(void **state)
{
	(void)state;
	assert_true(share(mine, same) == 1);
}

static void test_other_names_hide_nothing(void **state)
{
	static const char renamed[] =
		"int on_call(void *regs)\n{\n\t__u64 both = bpf_get_current_pid_tgid();\n"
		"\t__u32 process = both >> 32;\n"
		"\tif (process == wanted)\n\t\tbump(&table, process);\n\treturn 0;\n}\n";

	(void)state;
	assert_true(share(mine, renamed) == 1);
}

static void test_other_code_is_other(void **state)
{
	(void)state;
	assert_true(share(mine, own) < 0.1);
}

static void test_the_frame_is_taken_away(void **state)
{
	cleanup_shingles struct shingles a = { 0 }, frame = of(same);

	(void)state;
	similar__add(&a, mine, strlen(mine), &frame);
	assert_int_equal(a.count, 0);
}

static void test_small_texts_tell_nothing(void **state)
{
	(void)state;
	assert_true(share("int x;", "int x;") == 0);
	assert_true(share("", mine) == 0);
	assert_true(share("/* cut", "// cut") == 0);
}

/* Tokens from..to of a text without end. */
static char *long_text(int from, int to)
{
	cleanup_buf struct buf b = { 0 };

	for (int i = from; i < to; i++)
		buf__printf(&b, "%d ", i);
	return steal_ptr(b.data);
}

/* Of what is longer than can be kept, a part stands for the whole. */
static void test_long_texts(void **state)
{
	cleanup_free char *whole = long_text(0, 100000), *half = long_text(0, 50000);
	cleanup_free char *over = long_text(50000, 150000), *part = long_text(1000, 4000);
	cleanup_free char *other = long_text(100000, 200000);
	cleanup_shingles struct shingles s = of(whole);

	(void)state;
	assert_int_equal(s.count, SHINGLES_MAX);
	assert_true(share(whole, whole) == 1);
	assert_true(share(whole, half) == 1);
	assert_true(share(part, whole) == 1);
	assert_true(share(whole, other) == 0);
	assert_true(share(whole, over) > 0.4 && share(whole, over) < 0.6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blanks_and_comments_do_not_count),
		cmocka_unit_test(test_other_names_hide_nothing),
		cmocka_unit_test(test_other_code_is_other),
		cmocka_unit_test(test_the_frame_is_taken_away),
		cmocka_unit_test(test_small_texts_tell_nothing),
		cmocka_unit_test(test_long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
