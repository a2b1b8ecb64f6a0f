// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The program itself, under test from within. */
#define main facts_main
#include "../../src/facts.c"
#undef main

static char folder[] = "/tmp/facts.XXXXXX";

static const char prelude[] =
	"typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned __u32;\n"
	"typedef unsigned long long __u64; typedef int __s32; typedef long long __s64;\n"
	"typedef __u16 __be16; typedef __u32 __be32; typedef __u32 __wsum;\n"
	"#include <bpf/bpf_helpers.h>\n"
	"#include <bpf/bpf_core_read.h>\n"
	"#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n"
	"struct task_struct { int tgid; char comm[16]; struct task_struct *real_parent;\n"
	"	struct { union { int in; int out[4]; }; } u; };\n"
	"struct task_struct___old { long state; };\n"
	"enum taste { SWEET = 1, SOUR };\n"
	"#pragma clang attribute pop\n"
	"char LICENSE[] SEC(\"license\") = \"Dual BSD/GPL\";\n";

static const char calls[] =
	"extern int a_kfunc(int) __ksym;\n"
	"static __noinline int deep(int n) { return n + bpf_get_smp_processor_id(); }\n"
	"static __noinline int shallow(int n) { return deep(n) + bpf_get_prandom_u32(); }\n"
	"__noinline int global(int n) { return n + bpf_get_numa_node_id(); }\n"
	"static long callback(__u32 i, void *ctx) { bpf_get_current_comm(ctx, 16); return 0; }\n"
	"SEC(\"ksyscall/clone\") int first(void *ctx)\n"
	"{\n"
	"	char c[16];\n"
	"	bpf_loop(3, callback, c, 0);\n"
	"	return shallow(c[0]) + global(c[1]) + bpf_ktime_get_ns();\n"
	"}\n"
	"SEC(\"?fentry/vfs_read\") int second(void *ctx) { return a_kfunc(1); }\n"
	"SEC(\"xdp\") int third(void *ctx) { return deep(2); }\n";

static const char relocations[] =
	"static __noinline int in_sub(struct task_struct *t) { return BPF_CORE_READ(t, u.out[2]); "
	"}\n"
	"SEC(\"raw_tp/x\") int prog(void *ctx)\n"
	"{\n"
	"	struct task_struct *t = (void *)bpf_get_current_task();\n"
	"	int n = BPF_CORE_READ(t, real_parent, tgid);\n"
	"	n += bpf_core_field_exists(t->comm) + bpf_core_field_size(t->comm);\n"
	"	n += bpf_core_type_exists(struct task_struct___old);\n"
	"	n += bpf_core_type_size(struct task_struct___old);\n"
	"	n += bpf_core_enum_value_exists(enum taste, SOUR);\n"
	"	n += bpf_core_enum_value(enum taste, SOUR);\n"
	"	return n + in_sub(t);\n"
	"}\n"
	"SEC(\"raw_tp/y\") int other(void *ctx) { return 0; }\n";

static const char maps[] =
	"struct { __uint(type, 1); __uint(max_entries, 1024); __uint(map_flags, 1);\n"
	"	__type(key, __u32); __type(value, __u64); } counts SEC(\".maps\");\n"
	"struct { __uint(type, 27); __uint(max_entries, 4096);\n"
	"	__uint(pinning, LIBBPF_PIN_BY_NAME); } events SEC(\".maps\");\n"
	"const volatile int targ_pid = 0;\n"
	"static __u64 lost;\n"
	"int total = 5;\n"
	"SEC(\"raw_tp/x\") int prog(void *ctx) { return targ_pid + lost++ + total++; }\n";

/* Names that try to look like other facts. */
static const char hostile[] =
	"SEC(\"kprobe/x type=xdp\") int prog(void *ctx) { return 0; }\n"
	"int var asm(\"a b\\nmap c type=ringbuf\") = 1;\n"
	"SEC(\"raw_tp/x\") int named(void *ctx) asm(\"n\\nprogram z section=xdp\");\n"
	"int named(void *ctx) { return var++; }\n";

static char *build(const char *source)
{
	cleanup_free char *c = xprintf("%s/test.bpf.c", folder), *command = NULL;
	char *object = xprintf("%s/test.bpf.o", folder);
	FILE *f = fopen(c, "w");

	assert_non_null(f);
	fprintf(f, "%s%s", prelude, source);
	assert_int_equal(fclose(f), 0);
	command = xprintf("clang -g -O2 -target bpf -Wno-unused -c %s -o %s", c, object);
	assert_int_equal(system(command), 0);
	return object;
}

static int load(struct object *o, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	assert_true(fd >= 0);
	*o = (struct object){ .path = path };
	err = read_object(o, fd);
	if (!err)
		note_all(o);
	close(fd);
	return err;
}

static bool has(const struct object *o, const char *fact)
{
	for (size_t i = 0; i < o->nr_facts; i++)
		if (!strcmp(o->fact[i], fact))
			return true;
	return false;
}

#define assert_fact(o, text)	assert_true(has(o, text))
#define assert_no_fact(o, text) assert_false(has(o, text))

static void test_calls(void **state __maybe_unused)
{
	cleanup_free char *path = build(calls);
	struct object o;

	assert_int_equal(load(&o, path), 0);
	assert_fact(&o, "call first bpf_loop");
	assert_fact(&o, "call first bpf_ktime_get_ns");
	assert_fact(&o, "call first bpf_get_prandom_u32");
	assert_fact(&o, "call first bpf_get_smp_processor_id");
	assert_fact(&o, "call first bpf_get_numa_node_id");
	assert_fact(&o, "call first bpf_get_current_comm");
	assert_fact(&o, "call second a_kfunc");
	assert_no_fact(&o, "call second bpf_ktime_get_ns");
	assert_fact(&o, "call third bpf_get_smp_processor_id");
	assert_no_fact(&o, "call third bpf_get_prandom_u32");
	object__free(&o);
}

static void test_programs(void **state __maybe_unused)
{
	cleanup_free char *path = build(calls);
	struct object o;
	size_t found = 0;

	assert_int_equal(load(&o, path), 0);
	for (size_t i = 0; i < o.nr_facts; i++) {
		const char *f = o.fact[i];

		found += !strncmp(f, "program first section=ksyscall/clone type=kprobe insns=", 55);
		found += !strncmp(f, "program second section=fentry/vfs_read type=tracing insns=",
				  58) &&
			 strstr(f, " autoload=no");
		found += !strncmp(f, "program third section=xdp type=xdp insns=", 41) &&
			 !strstr(f, "autoload");
	}
	assert_int_equal(found, 3);
	assert_fact(&o, "license Dual\\x20BSD/GPL");
	object__free(&o);
}

static void test_relocations(void **state __maybe_unused)
{
	static const char *const expected[] = {
		"relocation prog byte_off task_struct.real_parent",
		"relocation prog byte_off task_struct.tgid",
		"relocation prog byte_off task_struct.u.out",
		"relocation prog field_exists task_struct.comm",
		"relocation prog byte_sz task_struct.comm",
		"relocation prog type_exists task_struct___old",
		"relocation prog type_size task_struct___old",
		"relocation prog enumval_exists taste.SOUR",
		"relocation prog enumval_value taste.SOUR",
	};
	cleanup_free char *path = build(relocations);
	struct object o;

	assert_int_equal(load(&o, path), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_fact(&o, expected[i]);
	for (size_t i = 0; i < o.nr_facts; i++)
		assert_int_not_equal(strncmp(o.fact[i], "relocation other", 16), 0);
	object__free(&o);
}

static void test_maps_and_variables(void **state __maybe_unused)
{
	cleanup_free char *path = build(maps);
	struct object o;

	assert_int_equal(load(&o, path), 0);
	assert_fact(&o, "map counts type=hash key=4 value=8 max_entries=1024 flags=1");
	assert_fact(&o, "map events type=ringbuf key=0 value=0 max_entries=4096 flags=0 "
			"pin=/sys/fs/bpf/events");
	assert_fact(&o, "variable .rodata targ_pid 4");
	assert_fact(&o, "variable .bss lost 8");
	assert_fact(&o, "variable .data total 4");
	object__free(&o);
}

static void test_hostile_names(void **state __maybe_unused)
{
	cleanup_free char *path = build(hostile);
	struct object o;

	assert_int_equal(load(&o, path), 0);
	for (size_t i = 0; i < o.nr_facts; i++) {
		const char *f = o.fact[i];

		assert_null(strchr(f, '\n'));
		assert_null(strstr(f, "map c"));
		assert_null(strstr(f, " type=xdp"));
		assert_null(strstr(f, " section=xdp"));
	}
	object__free(&o);
}

static void quiet(bool on)
{
	static int saved = -1;

	if (on) {
		saved = dup(STDERR_FILENO);
		assert_non_null(freopen("/dev/null", "w", stderr));
	} else {
		fflush(stderr);
		dup2(saved, STDERR_FILENO);
		close(saved);
	}
}

/* A part of an object, or no object at all, is refused or read, but never trusted. */
static void test_broken_objects(void **state __maybe_unused)
{
	cleanup_free char *path = build(relocations), *part = xprintf("%s/part.o", folder);
	cleanup_buf struct buf whole = { 0 };
	struct object o;

	assert_int_equal(file__read(path, &whole), 0);
	quiet(true);
	for (size_t len = 0; len < whole.len; len += 1 + whole.len / 61) {
		int err;

		assert_int_equal(file__write(part, whole.data, len), 0);
		err = load(&o, part);
		object__free(&o);
		if (err != 1) {
			quiet(false);
			fail_msg("%zu of %zu bytes were taken for an object", len, whole.len);
		}
	}
	quiet(false);
}

/* Lengths and offsets in .BTF.ext are the object's word only. */
static void test_broken_ext(void **state __maybe_unused)
{
	cleanup_free char *path = build(relocations);
	cleanup_buf struct buf whole = { 0 };
	struct object o;
	Elf_Data *data;

	assert_int_equal(load(&o, path), 0);
	data = section_data(&o, find_section(&o, ".BTF.ext"));
	assert_true(data->d_size > sizeof(struct ext_header));
	buf__add(&whole, data->d_buf, data->d_size);
	for (size_t i = 0; i + 4 <= whole.len; i += 4) {
		static const uint32_t values[] = { 0, 1, 3, 0x7fffffff, 0xffffffff, 0xfffffff0 };

		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			memcpy((char *)data->d_buf + i, &values[v], 4);
			o.nr_core = 0;
			read_core_relocs(&o);
			for (size_t k = 0; k < o.nr_core; k++)
				note_core_reloc(&o, "prog", &o.core[k]);
			memcpy((char *)data->d_buf + i, whole.data + i, 4);
		}
	}
	object__free(&o);
}

static int set_up(void **state __maybe_unused)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state __maybe_unused)
{
	file__remove_tree(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),	      cmocka_unit_test(test_programs),
		cmocka_unit_test(test_relocations),   cmocka_unit_test(test_maps_and_variables),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_broken_objects),
		cmocka_unit_test(test_broken_ext),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
