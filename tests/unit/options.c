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
		cleanup_free char *word = xprintf("\t%s)\n", c->name);

		assert_non_null(c->argp); /* --help, the man page and completion come from it */
		assert_non_null(strstr(man.data, head));
		assert_non_null(strstr(bash.data, word));
	}
	assert_non_null(strstr(man.data, "\\fB\\-\\-kernel\\fR=\\fIK\\fR"));
	assert_non_null(strstr(bash.data, "--kernel= "));
	assert_non_null(strstr(man.data, "\n\\fB\\-\\-exercises\\fR=\\fIDIR\\fR"));
	assert_non_null(strstr(bash.data, "--exercises= "));
	assert_non_null(strstr(zsh.data, "--exercises=["));
	assert_non_null(strstr(zsh.data, "6.12 latest all"));
}

/* What roff takes for a request that it does not know is left out of the page. */
static void test_man_has_only_its_requests(void **state __maybe_unused)
{
	static const char *const requests[] = { "TH ", "SH ", "SS ", "TP\n", "PP\n", "br\n" };
	cleanup_buf struct buf man = { 0 };

	options__man(&man);
	assert_null(strstr(man.data, "\n'"));
	assert_non_null(strstr(man.data, "\n\\&... as CSV"));
	for (const char *p = man.data; p; p = strstr(p, "\n.")) {
		size_t i = 0;

		p += 1 + (*p == '\n');
		while (i < ARRAY_SIZE(requests) && strncmp(p, requests[i], strlen(requests[i])))
			i++;
		assert_true(i < ARRAY_SIZE(requests));
	}
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

/* What Tab behind the words offers; bash makes words of them, "=" is one. */
static void assert_offers(const char *words, const char *expected)
{
	cleanup_buf struct buf bash = { 0 }, out = { 0 };
	const char *argv[] = { "bash", "-c", NULL, NULL };

	options__completion("bash", &bash);
	buf__printf(&bash,
		    "compopt() { echo \"$@\"; }; COMP_WORDS=(./workbook %s); "
		    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _workbook; echo \"${COMPREPLY[@]}\"",
		    words);
	argv[2] = bash.data;
	assert_int_equal(proc__run(argv, &out, NULL, 10000), 0);
	assert_string_equal(out.data, expected);
}

static void test_bash_completes(void **state __maybe_unused)
{
	assert_offers("che", "check\n");
	assert_offers("run --ker", "-o nospace\n--kernel=\n");
	assert_offers("run --kernel =", "5.10 6.1 6.12 latest all\n");
	assert_offers("run --kernel = l", "latest\n");
	assert_offers("run -k 5", "5.10\n");
	assert_offers("run --kernel = latest 21", "21-port-a-tool\n");
	assert_offers("run --seed ''", "\n");
	assert_offers("image 5", "5.10\n");
	assert_offers("completion ''", "--help bash zsh\n");
	assert_offers("--ex", "-o nospace\n--exercises=\n");
	assert_offers("--exercises = tests", "\n");
	assert_offers("--exercises = . run 21", "21-port-a-tool\n");
	assert_offers("--exercises tests run 21", "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_is_told),
		cmocka_unit_test(test_man_has_only_its_requests),
		cmocka_unit_test(test_scripts_parse),
		cmocka_unit_test(test_bash_completes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
