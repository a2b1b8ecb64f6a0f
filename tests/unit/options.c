// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "options.h"
#include "proc.h"

static void test_every_command_is_told(void **state __maybe_unused)
{
	cleanup_buf struct buf man = { 0 }, bash = { 0 }, zsh = { 0 };

	options__man(&man);
	assert_int_equal(options__completion("bash", &bash), 0);
	assert_int_equal(options__completion("zsh", &zsh), 0);
	assert_int_equal(options__completion("fish", &zsh), -EINVAL);
	assert_true(__stop_commands - __start_commands > 10);
	for (const struct command *c = __start_commands; c < __stop_commands; c++) {
		cleanup_free char *head = xprintf("\n.SS \"%s", c->name);
		cleanup_free char *word = xprintf("\t\t%s) options=", c->name);

		assert_non_null(c->argp); /* --help, the man page and completion come from it */
		assert_non_null(strstr(man.data, head));
		assert_non_null(strstr(bash.data, word));
	}
	assert_non_null(strstr(man.data, "\\fB\\-\\-kernel\\fR=\\fIK\\fR"));
	assert_non_null(strstr(bash.data, "--kernel= "));
	assert_null(strstr(man.data, "\n'")); /* would be a roff request */
}

static void test_scripts_parse(void **state __maybe_unused)
{
	cleanup_buf struct buf bash = { 0 }, err = { 0 };
	const char *const argv[] = { "bash", "-n", "-c", NULL, NULL };
	const char *with_text[ARRAY_SIZE(argv)];

	options__completion("bash", &bash);
	memcpy(with_text, argv, sizeof(argv));
	with_text[3] = bash.data;
	assert_int_equal(proc__run(with_text, NULL, &err, 10000), 0);
}

/* Tab after "run 0" offers units, after "run --k" the option. */
static void test_bash_completes(void **state __maybe_unused)
{
	static const char tail[] = "COMP_WORDS=(./workbook run --ker); COMP_CWORD=2; _workbook; "
				   "echo \"${COMPREPLY[0]}\"; "
				   "COMP_WORDS=(./workbook che); COMP_CWORD=1; _workbook; "
				   "echo \"${COMPREPLY[0]}\"";
	cleanup_buf struct buf bash = { 0 }, out = { 0 };
	const char *argv[] = { "bash", "-c", NULL, NULL };

	options__completion("bash", &bash);
	buf__printf(&bash, "%s", tail);
	argv[2] = bash.data;
	assert_int_equal(proc__run(argv, &out, NULL, 10000), 0);
	assert_string_equal(out.data, "--kernel=\ncheck\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_is_told),
		cmocka_unit_test(test_scripts_parse),
		cmocka_unit_test(test_bash_completes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
