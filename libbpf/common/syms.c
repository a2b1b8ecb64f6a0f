// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "syms.h"

struct sym {
	__u64 addr, size; /* of size 0: up to the next one */
	char *name;
};

struct syms {
	struct sym *sym;
	size_t nr, room;
};

/* A file's part that can be executed, in a process's memory. */
struct mapping {
	__u64 start, end, offset;
};

static void add_sym(struct syms *syms, __u64 addr, __u64 size, const char *name)
{
	if (syms->nr == syms->room) {
		size_t room = syms->room ? 2 * syms->room : 1024;
		struct sym *sym = realloc(syms->sym, room * sizeof(*sym));

		if (!sym)
			return;
		syms->sym = sym;
		syms->room = room;
	}
	syms->sym[syms->nr++] = (struct sym){ addr, size, strdup(name) };
}

static int by_addr(const void *a, const void *b)
{
	const struct sym *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static struct syms *sorted(struct syms *syms)
{
	if (syms->nr)
		qsort(syms->sym, syms->nr, sizeof(*syms->sym), by_addr);
	return syms;
}

/* Lines like "ffffffff81000000 T _text", and a module's name behind a tab. */
struct syms *syms__of_kernel(void)
{
	struct syms *syms = calloc(1, sizeof(*syms));
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[1024], *rest;

	while (syms && f && fgets(line, sizeof(line), f)) {
		__u64 addr = strtoull(line, &rest, 16);

		/* Text, and no data. */
		if (!addr || strlen(rest) < 4 || !strchr("tTwW", rest[1]))
			continue;
		rest[3 + strcspn(rest + 3, "\t\n")] = '\0';
		add_sym(syms, addr, 0, rest + 3);
	}
	if (f)
		fclose(f);
	if (syms && syms->nr)
		return sorted(syms);
	fprintf(stderr,
		"/proc/kallsyms: no addresses; run as root or give the binary CAP_SYSLOG\n");
	syms__free(syms);
	return NULL;
}

/* What to add to a symbol's value to get its address: a program's file says where in memory it wants
 * its segments, the mapping says where one of them is.
 */
static bool find_bias(Elf *elf, const struct mapping *map, __u64 *bias)
{
	size_t nr = 0;
	GElf_Phdr p;

	elf_getphdrnum(elf, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (!gelf_getphdr(elf, i, &p) || p.p_type != PT_LOAD || !(p.p_flags & PF_X) ||
		    p.p_offset >= map->offset + (map->end - map->start) ||
		    p.p_offset + p.p_filesz <= map->offset)
			continue;
		*bias = (map->start - map->offset) - (p.p_vaddr - p.p_offset);
		return true;
	}
	return false;
}

static void add_table(struct syms *syms, Elf *elf, Elf_Scn *scn, const GElf_Shdr *header,
		      const struct mapping *map, __u64 bias)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Sym sym;

	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
		__u64 addr = sym.st_value + bias;

		if (name && GELF_ST_TYPE(sym.st_info) == STT_FUNC && sym.st_shndx != SHN_UNDEF &&
		    addr >= map->start && addr < map->end)
			add_sym(syms, addr, sym.st_size, name);
	}
}

/* A file that was stripped has no .symtab, and still a .dynsym with what it exports. */
static void add_file(struct syms *syms, const char *path, const struct mapping *map)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *scn = NULL;
	GElf_Shdr header;
	__u64 bias;

	if (elf && find_bias(elf, map, &bias)) {
		while ((scn = elf_nextscn(elf, scn))) {
			if (gelf_getshdr(scn, &header) &&
			    (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
				add_table(syms, elf, scn, &header, map, bias);
		}
	}
	elf_end(elf);
	if (fd >= 0)
		close(fd);
}

/* Lines like "401000-479000 r-xp 00001000 fe:00 1234      /usr/bin/tool". */
struct syms *syms__of_process(pid_t pid)
{
	struct syms *syms = calloc(1, sizeof(*syms));
	char maps[64], line[4352], path[4400], may[5];
	struct mapping map;
	FILE *f;

	elf_version(EV_CURRENT);
	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	f = fopen(maps, "re");
	if (!f && errno != ENOENT && errno != ESRCH)
		fprintf(stderr, "%s: %s; run as root or give the binary CAP_SYS_PTRACE\n", maps,
			strerror(errno));
	while (syms && f && fgets(line, sizeof(line), f)) {
		int at = 0;

		sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &map.start, &map.end, may,
		       &map.offset, &at);
		if (!at || may[2] != 'x' || line[at] != '/')
			continue;
		line[strcspn(line, "\n")] = '\0';
		/* The path as the process sees it, which may live in a container. */
		snprintf(path, sizeof(path), "/proc/%d/root%s", pid, line + at);
		add_file(syms, path, &map);
	}
	if (f)
		fclose(f);
	return syms ? sorted(syms) : NULL;
}

const char *syms__find(const struct syms *syms, __u64 addr)
{
	size_t low = 0, high = syms ? syms->nr : 0;
	const struct sym *sym;

	/* All below `low` begin at the address or before it, all from `high` on behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (syms->sym[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	sym = low ? &syms->sym[low - 1] : NULL;
	if (!sym || !sym->name || (sym->size && addr - sym->addr >= sym->size))
		return "[unknown]";
	return sym->name;
}

void syms__free(struct syms *syms)
{
	for (size_t i = 0; syms && i < syms->nr; i++)
		free(syms->sym[i].name);
	if (syms)
		free(syms->sym);
	free(syms);
}
