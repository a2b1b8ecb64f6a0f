// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "snapshot.h"
#include "vm.h"

static const struct image image = { .kernel = (char *)"6.12", .dir = (char *)"/images/6.12" };

static bool has(char **args, const char *wanted)
{
	for (; *args; args++)
		if (!strcmp(*args, wanted))
			return true;
	return false;
}

static bool holds(char **args, const char *part)
{
	for (; *args; args++)
		if (strstr(*args, part))
			return true;
	return false;
}

static void test_boot_args(void **state __maybe_unused)
{
	struct vm_args a = { .image = &image,
			     .accel = "tcg",
			     .ram = "/cache/ram",
			     .share = true,
			     .agent = 3,
			     .qmp = 4,
			     .console = 5,
			     .initrd = 6 };
	char **args = vm__args(&a);

	assert_true(has(args, "memory-backend-file,id=ram,size=512M,mem-path=/cache/ram,share=on"));
	assert_true(has(args, "q35,accel=tcg,memory-backend=ram"));
	assert_true(
		has(args, "if=none,id=root,file=/images/6.12/root.ext4,format=raw,readonly=on"));
	assert_true(has(args, "socket,id=agent,fd=3"));
	assert_true(has(args, "3"));	       /* CPUs, */
	assert_true(holds(args, "maxcpus=1")); /* one of them up */
	assert_false(has(args, "-incoming"));
	vm__free_args(args);
}

/* A restored guest must not write to the memory that others start from, nor have a network. */
static void test_restore_args(void **state __maybe_unused)
{
	struct vm_args a = {
		.image = &image, .accel = "kvm", .ram = "/cache/ram", .restore = true
	};
	char **args = vm__args(&a);

	assert_true(
		has(args, "memory-backend-file,id=ram,size=512M,mem-path=/cache/ram,share=off"));
	assert_true(has(args, "-incoming"));
	assert_true(has(args, "-nodefaults"));
	assert_true(has(args, "host"));
	for (char **arg = args; *arg; arg++)
		assert_null(strstr(*arg, "net"));
	vm__free_args(args);
}

static void test_tool_args(void **state __maybe_unused)
{
	static const char said[] =
		"@bcc wb0\n@libbpf wl0\n@libbpf --pid=7 8\n@libbpfx no\n@ready\n";
	const char *const program[] = { "/program", NULL };
	char **argv = snapshot__argv(said, "libbpf", program);

	assert_string_equal(argv[0], "/program");
	assert_string_equal(argv[1], "wl0");
	assert_string_equal(argv[2], "--pid=7 8");
	assert_null(argv[3]);
	vm__free_args(argv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot_args),
		cmocka_unit_test(test_restore_args),
		cmocka_unit_test(test_tool_args),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
