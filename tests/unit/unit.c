// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Units are found by their files' names; front matter is read strictly. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit.h"

static char root[] = "/tmp/unit-test-XXXXXX";

static void put(const char *name)
{
	cleanup_free char *path = xprintf("%s/%s", root, name);
	char *slash = strrchr(path, '/');

	*slash = '\0';
	assert_int_equal(file__mkdirs(path), 0);
	*slash = '/';
	assert_int_equal(file__write(path, "", 0), 0);
}

static int make_units(void **state)
{
	if (!mkdtemp(root))
		return -1;
	put("chapters/00-start-here.md");
	put("chapters/02-b.md");
	put("bcc/02-b.py");
	put("bcc/02-b.py.orig");
	put("libbpf/02-b/b.c");
	put("libbpf/common/tool.c");
	put("libbpf/11-long-name2/x");
	put("solutions/02-b/b.c");
	put("exercises/05-C/c.c");
	put("exercises/6-d/d.c");
	put("tests/07-e.c");
	put("tests/wrong/02-b/two.patch");
	put("tests/wrong/02-b/one.patch");
	put("tests/wrong/02-b/notes");
	return 0;
}

static int remove_units(void **state)
{
	file__remove_tree(root);
	return 0;
}

/* What a call prints on stderr is no business of the one who reads the tests' output. */
static int find_quietly(struct unit *u, const char *which)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), kept = dup(STDERR_FILENO), err;

	dup2(null, STDERR_FILENO);
	err = unit__find(u, root, which);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(null);
	return err;
}

static void test_load(void **state)
{
	cleanup_units struct units units = { 0 };

	assert_int_equal(units__load(&units, root), 0);
	assert_int_equal(units.count, 3);
	assert_string_equal(units.items[0].name, "02-b");
	assert_string_equal(units.items[1].name, "07-e");
	assert_string_equal(units.items[2].name, "11-long-name2");
}

static void test_find(void **state)
{
	static const char *const names[] = { "02", "2", "02-b" };
	static const char *const strangers[] = {
		"", "0", "00", "3", "b", "02-", "002", "1", "../02"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_unit struct unit u = { 0 };

		assert_int_equal(find_quietly(&u, names[i]), 0);
		assert_string_equal(u.name, "02-b");
	}
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		cleanup_unit struct unit u = { 0 };

		assert_int_equal(find_quietly(&u, strangers[i]), -ENOENT);
	}
}

static void test_paths(void **state)
{
	cleanup_unit struct unit u = { 0 };
	cleanup_strings struct strings patches = { 0 };
	cleanup_free char *source = NULL, *expected = xprintf("%s/solutions/02-b/b.bpf.c", root);
	cleanup_free char *patch = xprintf("%s/tests/wrong/02-b/one.patch", root);

	assert_int_equal(unit__find(&u, root, "02"), 0);
	assert_string_equal(u.topic, "b");
	assert_string_equal(u.number, "02");
	source = unit__source(&u, u.solution, ".bpf.c");
	assert_string_equal(source, expected);
	unit__wrong(&u, &patches);
	assert_int_equal(patches.count, 2);
	assert_string_equal(patches.items[0], patch);
}

static void test_front(void **state)
{
	static const char text[] = "---\n"
				   "title: \"Count: calls\"\n"
				   "capabilities: net_admin  bpf\n"
				   "points: {builds: 1, matches: 5,exits:2}\n"
				   "\n"
				   "files: /proc/kallsyms /etc/hosts\n"
				   "only: {license: libbpf, config: bcc}\n"
				   "---\n"
				   "points: not this\n";
	cleanup_front struct front f = { 0 };
	cleanup_free char *error = NULL;

	assert_int_equal(front__parse(&f, "a.md", text, strlen(text), &error), 0);
	assert_null(error);
	assert_string_equal(f.title, "Count: calls");
	assert_true(f.capabilities == (1ULL << 39 | 1ULL << 38 | 1ULL << 12));
	assert_true(f.has_points);
	assert_int_equal(f.points[POINT_BUILDS], 1);
	assert_int_equal(f.points[POINT_LOADS], 0);
	assert_int_equal(f.points[POINT_MATCHES], 5);
	assert_int_equal(f.points[POINT_EXITS], 2);
	assert_int_equal(f.files.count, 2);
	assert_string_equal(f.files.items[1], "/etc/hosts");
	assert_true(strings__has(&f.only_libbpf, "license"));
	assert_true(strings__has(&f.only_bcc, "config"));
	assert_int_equal(f.last, 8);
}

static void test_front_defaults(void **state)
{
	cleanup_front struct front f = { 0 };
	cleanup_free char *error = NULL;

	assert_int_equal(front__parse(&f, "a.md", "---\ntitle: T\n---", 16, &error), 0);
	assert_true(f.capabilities == (1ULL << 39 | 1ULL << 38));
	assert_false(f.has_points);
	assert_int_equal(f.files.count, 0);
}

static const struct {
	const char *text;
	int err;
	const char *error;
} bad[] = {
	{ "", -ENOENT, "a.md:1: front matter: none" },
	{ "# Title\n", -ENOENT, "a.md:1: front matter: none" },
	{ "----\ntitle: T\n---\n", -ENOENT, "a.md:1: front matter: none" },
	{ "---\n", -EINVAL, "a.md:1: front matter: not closed" },
	{ "---\ntitle: T\n", -EINVAL, "a.md:2: front matter: not closed" },
	{ "---\n---\n", -EINVAL, "a.md:2: front matter: no title" },
	{ "---\ntitle:\n---\n", -EINVAL, "a.md:2: front matter: no title" },
	{ "---\ntitle: T\ntitle: T\n---\n", -EINVAL, "a.md:3: front matter: written twice" },
	{ "---\nTitle: T\n---\n", -EINVAL, "a.md:2: front matter: no such key" },
	{ "---\njust text\n---\n", -EINVAL, "a.md:2: front matter: not front matter" },
	{ "---\ncapabilities: bpf net\n---\n", -EINVAL, "a.md:2: front matter: not a capability" },
	{ "---\ncapabilities: CAP_BPF\n---\n", -EINVAL, "a.md:2: front matter: not a capability" },
	{ "---\npoints: 5\n---\n", -EINVAL, "a.md:2: front matter: not a map" },
	{ "---\npoints: {\n---\n", -EINVAL, "a.md:2: front matter: not a map" },
	{ "---\npoints: {builds}\n---\n", -EINVAL, "a.md:2: front matter: not a map" },
	{ "---\npoints: {build: 1}\n---\n", -EINVAL, "a.md:2: front matter: not an item" },
	{ "---\npoints: {builds: -1}\n---\n", -EINVAL, "a.md:2: front matter: not a number" },
	{ "---\npoints: {builds: 9999}\n---\n", -EINVAL, "a.md:2: front matter: not a number" },
	{ "---\npoints: {builds: }\n---\n", -EINVAL, "a.md:2: front matter: not a number" },
	{ "---\nfiles: kallsyms\n---\n", -EINVAL, "a.md:2: front matter: not an absolute" },
	{ "---\nonly: {map: bcc}\n---\n", -EINVAL, "a.md:2: front matter: not a section" },
	{ "---\nonly: {maps: c}\n---\n", -EINVAL, "a.md:2: front matter: not a side" },
};

static void test_bad_front(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup_front struct front f = { 0 };
		cleanup_free char *error = NULL;

		assert_int_equal(front__parse(&f, "a.md", bad[i].text, strlen(bad[i].text), &error),
				 bad[i].err);
		if (strncmp(error, bad[i].error, strlen(bad[i].error)))
			fail_msg("expected '%s', got '%s'", bad[i].error, error);
		assert_non_null(strchr(error, ';'));
	}
}

static void test_capabilities(void **state)
{
	assert_int_equal(capability__number("chown"), 0);
	assert_int_equal(capability__number("net_admin"), 12);
	assert_int_equal(capability__number("sys_ptrace"), 19);
	assert_int_equal(capability__number("syslog"), 34);
	assert_int_equal(capability__number("perfmon"), 38);
	assert_int_equal(capability__number("bpf"), 39);
	assert_int_equal(capability__number("checkpoint_restore"), 40);
	assert_int_equal(capability__number("cap_bpf"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),	       cmocka_unit_test(test_find),
		cmocka_unit_test(test_paths),	       cmocka_unit_test(test_front),
		cmocka_unit_test(test_front_defaults), cmocka_unit_test(test_bad_front),
		cmocka_unit_test(test_capabilities),
	};

	return cmocka_run_group_tests(tests, make_units, remove_units);
}
