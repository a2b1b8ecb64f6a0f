// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tags OBJECT: loads a BPF object's programs and prints "type=N tag=HEX NAME" for each, the tag being the
 * kernel's hash of its instructions, as relocated for this kernel. Runs as root in a guest of its own; the
 * tag is "?" for a program that loads only with what its tool sets at run time. libbpf loads some that do
 * nothing, to see what the kernel can: they belong to every object.
 */
#include <ctype.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "util.h"

static int quiet(enum libbpf_print_level level, const char *format, va_list ap)
{
	(void)level;
	(void)format;
	(void)ap;
	return 0;
}

static bool print_tag(int fd, const char *name)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return false;
	printf("type=%u tag=", info.type);
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		printf("%02x", info.tag[i]);
	printf(" %s\n", name);
	return true;
}

/* Loads one program, by its number, or all (-1). Returns whether that worked. */
static bool load(const char *path, int which)
{
	struct bpf_object *obj = bpf_object__open(path);
	struct bpf_program *prog;
	bool ok;
	int i = 0;

	if (!obj)
		return false;
	bpf_object__for_each_program (prog, obj)
		bpf_program__set_autoload(prog, which < 0 || i++ == which);
	ok = !bpf_object__load(obj);
	i = 0;
	bpf_object__for_each_program (prog, obj)
		if ((which < 0 && ok) || i++ == which)
			if (!ok || !print_tag(bpf_program__fd(prog), bpf_program__name(prog)))
				printf("type=%u tag=? %s\n", bpf_program__type(prog),
				       bpf_program__name(prog));
	bpf_object__close(obj);
	return ok;
}

/* A symbol can be called anything, among others like a tag. The kernel takes no such names. */
static bool is_name(const char *name)
{
	while (isalnum((unsigned char)*name) || *name == '_' || *name == '.')
		name++;
	return !*name;
}

/* Returns -1 when it is no object, or holds a program whose name is none. */
static int count(const char *path)
{
	struct bpf_object *obj = bpf_object__open(path);
	struct bpf_program *prog;
	bool good = obj;
	int n = 0;

	bpf_object__for_each_program (prog, obj) {
		good &= is_name(bpf_program__name(prog));
		n++;
	}
	bpf_object__close(obj);
	return good ? n : -1;
}

static void print_probe(enum bpf_prog_type type)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, /* r0 = 0 */
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(type, NULL, "GPL", insns, 2, NULL);

	print_tag(fd, "libbpf");
	close(fd);
}

int main(int argc, char **argv)
{
	int n;

	if (argc != 2)
		return 2;
	libbpf_set_print(quiet);
	n = count(argv[1]);
	if (n < 0)
		return 1;
	if (!load(argv[1], -1))
		for (int i = 0; i < n; i++)
			load(argv[1], i);
	print_probe(BPF_PROG_TYPE_KPROBE);
	print_probe(BPF_PROG_TYPE_TRACEPOINT);
	return 0;
}
