// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The Makefile's rules, tried on a small project that has one unit and no program of its own. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "proc.h"

#define TWIN	 "build/libbpf/07-tiny/tiny"
#define EXERCISE "build/exercises/07-tiny/tiny"
#define WRONG	 "build/wrong/07-tiny/returns-one/tiny"

#define MAKE_MS (20 * 60 * 1000) /* the first build makes an image for vmlinux.h */

static char project[] = "/tmp/makefile-test-XXXXXX";
static char *btf; /* VMLINUX_BTF=... with the saved types of kernel 6.12 */

static const char bpf_half[] = "#include \"vmlinux.h\"\n"
			       "#include <bpf/bpf_helpers.h>\n"
			       "#include \"tiny.h\"\n"
			       "struct tiny tiny;\n"
			       "char LICENSE[] SEC(\"license\") = \"GPL\";\n";
static const char user_half[] = "#include <linux/types.h>\n"
				"#include \"tiny.h\"\n"
				"#include \"tiny.skel.h\"\n"
				"int main(void)\n"
				"{\n"
				"\ttiny_bpf__destroy(tiny_bpf__open());\n"
				"\treturn 0;\n"
				"}\n";
static const char shared[] = "struct tiny { __u32 number; };\n";
static const char patch[] = "--- a/tiny.c\n+++ b/tiny.c\n@@ -6,3 +6,3 @@\n"
			    " \ttiny_bpf__destroy(tiny_bpf__open());\n"
			    "-\treturn 0;\n+\treturn 1;\n }\n";

static void put(const char *folder, const char *name, const char *text)
{
	cleanup_free char *where = xprintf("%s/%s", project, folder);
	cleanup_free char *path = xprintf("%s/%s", where, name);

	assert_int_equal(file__mkdirs(where), 0);
	assert_int_equal(file__write(path, text, strlen(text)), 0);
}

static void put_unit(const char *root, const char *user)
{
	cleanup_free char *folder = xprintf("%s/07-tiny", root);

	put(folder, "tiny.bpf.c", bpf_half);
	put(folder, "tiny.c", user);
	put(folder, "tiny.h", shared);
}

static void link_to_project(const char *name)
{
	cleanup_free char *to = xprintf("%s/%s", project_root(), name);
	cleanup_free char *from = xprintf("%s/%s", project, name);

	assert_int_equal(symlink(to, from), 0);
}

/* Runs the Makefile in the small project; its workbook is the project's and is never rebuilt. */
static int make_into(struct buf *out, const char *flag, const char *variable, const char *target)
{
	const char *const argv[] = { "make", "-C",     project, "-o", "workbook",
				     flag,   variable, target,	NULL };
	cleanup_buf struct buf err = { 0 };
	int status = proc__run(argv, out, &err, MAKE_MS);

	if (err.len)
		buf__add(out, err.data, err.len);
	return status;
}

static int make(const char *flag, const char *variable, const char *target)
{
	cleanup_buf struct buf out = { 0 };

	return make_into(&out, flag, variable, target);
}

static bool contains(const char *name, const char *text)
{
	cleanup_free char *path = xprintf("%s/%s", project, name);
	cleanup_buf struct buf file = { 0 };

	return !file__read(path, &file) && file.len && strstr(file.data, text);
}

static void touch(const char *name)
{
	cleanup_free char *path = xprintf("%s/%s", project, name);

	assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

/* --- vmlinux.h --- */

#define TASK "struct task_struct {"

static void vmlinux_from_image(void **state)
{
	assert_int_equal(make("-s", "V=", "build/vmlinux.h"), 0);
	assert_true(contains("build/vmlinux.h", TASK));
	assert_int_equal(make("-q", "V=", "build/vmlinux.h"), 0);
}

/* The running kernel's, where it tells; a raw BTF file elsewhere is read the same way. */
static void vmlinux_from_running_kernel(void **state)
{
	const char *running = "VMLINUX_BTF=/sys/kernel/btf/vmlinux";
	const char *source = access(strchr(running, '/'), R_OK) ? btf : running;

	assert_int_equal(make("-s", source, "build/vmlinux.h"), 0);
	assert_true(contains("build/vmlinux.h", TASK));
	assert_int_equal(make("-q", source, "build/vmlinux.h"), 0);
}

/* Any ELF file with types will do, such as a BPF object. */
static void vmlinux_from_elf_file(void **state)
{
	cleanup_free char *elf = xprintf("%s/vmlinux", project);
	cleanup_free char *variable = xprintf("VMLINUX_BTF=%s", elf);
	cleanup_free char *object = xprintf("%s/" TWIN ".bpf.o", project);

	assert_int_equal(make("-s", btf, TWIN ".bpf.o"), 0);
	assert_int_equal(rename(object, elf), 0);
	assert_int_equal(make("-s", variable, "build/vmlinux.h"), 0);
	assert_true(contains("build/vmlinux.h", "struct tiny {"));
	assert_false(contains("build/vmlinux.h", TASK));
}

static void another_source_makes_it_anew(void **state)
{
	assert_int_equal(make("-s", btf, "build/vmlinux.h"), 0);
	assert_int_equal(make("-q", btf, "build/vmlinux.h"), 0);
	assert_int_equal(make("-q", "V=", "build/vmlinux.h"), 1);
}

static void image_of_another_release_makes_it_anew(void **state)
{
	cleanup_free char *cache = xprintf("CACHE=%s/cache", project);

	assert_int_equal(make("-s", "V=", "build/vmlinux.h"), 0);
	assert_int_equal(make("-q", cache, "build/vmlinux.h"), 0);
	put("cache/images/6.12-0", "release", "6.12.0-other\n");
	assert_int_equal(make("-q", cache, "build/vmlinux.h"), 1);
}

static void missing_source_leaves_nothing(void **state)
{
	cleanup_free char *path = xprintf("%s/build/vmlinux.h", project);
	cleanup_buf struct buf out = { 0 };

	assert_int_not_equal(make_into(&out, "-s", "VMLINUX_BTF=/none", "build/vmlinux.h"), 0);
	assert_non_null(strstr(out.data, "VMLINUX_BTF=/none: no such file;"));
	assert_int_not_equal(make("-s", "VMLINUX_BTF=/sys/none", "build/vmlinux.h"), 0);
	assert_int_not_equal(access(path, F_OK), 0);
}

/* --- programs --- */

static void touched_header_rebuilds_both_halves(void **state)
{
	cleanup_buf struct buf out = { 0 };

	assert_int_equal(make("-s", btf, TWIN), 0);
	assert_int_equal(make("-q", btf, TWIN), 0);
	touch("libbpf/07-tiny/tiny.h");
	assert_int_equal(make("-q", btf, TWIN), 1);
	assert_int_equal(make_into(&out, "-k", btf, TWIN), 0);
	assert_non_null(strstr(out.data, "BPF      " TWIN ".bpf.o\n"));
	assert_non_null(strstr(out.data, "TOOL     " TWIN "\n"));
}

static void broken_exercise_hides_nothing(void **state)
{
	cleanup_buf struct buf out = { 0 };

	assert_int_equal(make_into(&out, "-k", btf, "07"), 0);
	assert_non_null(strstr(out.data, EXERCISE " does not compile yet"));
	assert_int_equal(make("-q", btf, TWIN), 0);
	assert_int_equal(make("-q", btf, "build/solutions/07-tiny/tiny"), 0);
}

static void silent_but_for_compilers(void **state)
{
	cleanup_buf struct buf out = { 0 };

	assert_int_not_equal(make_into(&out, "-s", btf, EXERCISE), 0);
	assert_memory_equal(out.data, "exercises/07-tiny/tiny.c:", 25);
}

static void mended_exercise_builds(void **state)
{
	cleanup_buf struct buf out = { 0 };

	put_unit("exercises", user_half);
	assert_int_equal(make_into(&out, "-k", btf, "07"), 0);
	assert_null(strstr(out.data, "does not compile"));
	assert_int_equal(make("-q", btf, EXERCISE), 0);
}

static void wrong_solution_is_patched(void **state)
{
	assert_int_equal(make("-s", btf, WRONG), 0);
	assert_true(contains(WRONG ".c", "return 1;"));
	assert_int_equal(make("-q", btf, WRONG), 0);
	touch("solutions/07-tiny/tiny.h");
	assert_int_equal(make("-q", btf, WRONG), 1);
}

/* --- units that are named --- */

static void named_unit_is_all_that_is_tested(void **state)
{
	cleanup_buf struct buf out = { 0 };

	put("libbpf/08-other", "other.bpf.c", bpf_half);
	put("solutions/08-other", "other.bpf.c", bpf_half);
	put("tests/wrong/08-other", "is-other.patch", patch);
	assert_int_equal(make_into(&out, "-n", "UNITS=08", "checks"), 2); /* it has no other.c */
	assert_int_equal(make_into(&out, "-nB", "UNITS=7", "checks"), 0);
	assert_non_null(strstr(out.data, "-o " WRONG));
}

static void unknown_unit_is_refused(void **state)
{
	cleanup_buf struct buf out = { 0 };

	assert_int_equal(make("-n", "UNITS=07 7 07-tiny", "checks"), 0);
	assert_int_equal(make("-n", "V=", "7"), 0);
	assert_int_equal(make_into(&out, "-n", "UNITS=99", "test"), 2);
	assert_non_null(strstr(out.data, "99: no such unit; there are 07"));
	assert_int_equal(make_into(&out, "-n", "V=", "98"), 2);
	assert_non_null(strstr(out.data, "98: no such unit; there are 07"));
}

/* --- a program that carries types --- */

static const char reading_half[] =
	"#include \"vmlinux.h\"\n"
	"#include <bpf/bpf_helpers.h>\n"
	"#include <bpf/bpf_core_read.h>\n"
	"SEC(\"raw_tp/sched_process_exit\")\n"
	"int read_pid(struct bpf_raw_tracepoint_args *ctx)\n"
	"{\n"
	"\treturn BPF_CORE_READ((struct task_struct *)ctx->args[0], pid);\n"
	"}\n"
	"char LICENSE[] SEC(\"license\") = \"GPL\";\n";
static const char carrying_half[] = "#include <stdio.h>\n"
				    "static const struct {\n"
				    "\tconst char *release;\n"
				    "\tint size;\n"
				    "\tconst char *btf;\n"
				    "} carried[] = {\n"
				    "#include \"tiny.btf.h\"\n"
				    "};\n"
				    "int main(void)\n"
				    "{\n"
				    "\tputs(carried[0].release);\n"
				    "\treturn sizeof(carried) / sizeof(carried[0]) - 1;\n"
				    "}\n";

static void types_are_carried(void **state)
{
	put_unit("libbpf", carrying_half);
	put("libbpf/07-tiny", "tiny.bpf.c", reading_half);
	assert_int_equal(make("-s", "KERNEL_NAMES=6.12", TWIN), 0);
	assert_true(contains(TWIN ".btf.h", "{ \"6.12."));
	assert_int_equal(make("-q", "KERNEL_NAMES=6.12", TWIN), 0);
	put_unit("libbpf", user_half);
}

/* --- the host program --- */

static void path_may_hold_blanks(void **state)
{
	cleanup_free char *folder = xprintf("%s/a blank", project);
	cleanup_free char *makefile = xprintf("%s/Makefile", folder);
	cleanup_free char *src = xprintf("%s/src", folder);
	const char *const argv[] = { "make", "-s", "-C", folder, "build/src/util.o", NULL };

	assert_int_equal(file__mkdirs(folder), 0);
	assert_int_equal(symlink("../Makefile", makefile), 0);
	assert_int_equal(symlink("../src", src), 0);
	assert_int_equal(proc__run(argv, NULL, NULL, MAKE_MS), 0);
}

/* --- the small project --- */

static int make_project(void **state)
{
	cleanup_free char *workbook = xprintf("%s/workbook", project_root());
	const char *const argv[] = { workbook, "image", "--path", "6.12", NULL };
	cleanup_buf struct buf image = { 0 };

	if (!mkdtemp(project) || proc__run(argv, &image, NULL, MAKE_MS))
		return -1;
	btf = xprintf("VMLINUX_BTF=%.*s/vmlinux.btf", (int)strcspn(image.data, "\n"), image.data);
	put_unit("libbpf", user_half);
	put_unit("solutions", user_half);
	put_unit("exercises", "does not compile");
	put("tests/wrong/07-tiny", "returns-one.patch", patch);
	link_to_project("Makefile");
	link_to_project("src");
	link_to_project("workbook");
	return 0;
}

static int remove_project(void **state)
{
	file__remove_tree(project);
	free(btf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vmlinux_from_image),
		cmocka_unit_test(vmlinux_from_running_kernel),
		cmocka_unit_test(vmlinux_from_elf_file),
		cmocka_unit_test(image_of_another_release_makes_it_anew),
		cmocka_unit_test(missing_source_leaves_nothing),
		cmocka_unit_test(another_source_makes_it_anew),
		cmocka_unit_test(touched_header_rebuilds_both_halves),
		cmocka_unit_test(broken_exercise_hides_nothing),
		cmocka_unit_test(silent_but_for_compilers),
		cmocka_unit_test(mended_exercise_builds),
		cmocka_unit_test(wrong_solution_is_patched),
		cmocka_unit_test(named_unit_is_all_that_is_tested),
		cmocka_unit_test(unknown_unit_is_refused),
		cmocka_unit_test(types_are_carried),
		cmocka_unit_test(path_may_hold_blanks),
	};

	/* What a make above this test has set would speak for the makes below. */
	unsetenv("MAKEFLAGS");
	unsetenv("MAKELEVEL");
	unsetenv("VMLINUX_BTF");
	unsetenv("SAN");
	unsetenv("UNITS");
	unsetenv("V");
	return cmocka_run_group_tests(tests, make_project, remove_project);
}
