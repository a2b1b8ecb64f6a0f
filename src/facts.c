// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * facts OBJECT: what a BPF object contains, one fact a line, for requirements to match against.
 * Runs where the build ran; the object is not trusted: names are escaped so that none of them can
 * look like another fact.
 *
 *	program NAME section=ksyscall/clone type=kprobe insns=42 [autoload=no]
 *	map NAME type=hash key=4 value=8 max_entries=10240 flags=0 [pin=PATH]
 *	call PROGRAM bpf_ringbuf_reserve	helper or kfunc, also in a subprogram it calls
 *	relocation PROGRAM byte_off task_struct.tgid	kinds as libbpf's log calls them
 *	variable .rodata targ_pid 4
 *	license GPL
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <gelf.h>
#include <linux/bpf.h>

#include "util.h"

struct function {
	const char *name;
	size_t section;
	uint64_t start, end; /* bytes in its section */
};

struct reloc { /* of the compiler's linking kind */
	size_t section;
	uint64_t offset;
	GElf_Sym symbol;
	const char *name;
};

struct core_reloc {
	size_t section;
	uint32_t offset, type_id, access, kind;
};

struct object {
	const char *path;
	Elf *elf;
	size_t names; /* section that holds the sections' names */
	Elf_Data *symbols;
	size_t symbol_names, nr_symbols;
	struct bpf_object *bpf;
	const struct btf *btf;
	struct function *function;
	size_t nr_functions;
	struct reloc *reloc;
	size_t nr_relocs;
	struct core_reloc *core;
	size_t nr_core;
	char **fact;
	size_t nr_facts;
};

/* --- facts --- */

/* A name as one printable word; "-" for none. */
static const char *word(const char *name, struct buf *b)
{
	b->len = 0;
	for (const char *c = name ? name : ""; *c; c++)
		if (*c > ' ' && *c < 0x7f && *c != '=' && *c != '\\')
			buf__add(b, c, 1);
		else
			buf__printf(b, "\\x%02x", (unsigned char)*c);
	if (!b->len)
		buf__add(b, "-", 1);
	return b->data;
}

static void add_fact(struct object *o, const char *fmt, ...) __printf(2, 3);
static void add_fact(struct object *o, const char *fmt, ...)
{
	va_list ap;

	o->fact = xrealloc(o->fact, o->nr_facts + 1, sizeof(*o->fact));
	va_start(ap, fmt);
	if (vasprintf(&o->fact[o->nr_facts++], fmt, ap) < 0)
		abort();
	va_end(ap);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_facts(struct object *o)
{
	if (o->nr_facts)
		qsort(o->fact, o->nr_facts, sizeof(*o->fact), by_text);
	for (size_t i = 0; i < o->nr_facts; i++)
		if (!i || strcmp(o->fact[i], o->fact[i - 1]))
			puts(o->fact[i]);
}

/* --- ELF --- */

/* A section's name and data; data is never NULL and d_size is 0 without one. */
static const char *section_name(const struct object *o, size_t index, GElf_Shdr *header)
{
	Elf_Scn *scn = elf_getscn(o->elf, index);
	const char *name = NULL;

	if (scn && gelf_getshdr(scn, header))
		name = elf_strptr(o->elf, o->names, header->sh_name);
	return name ? name : "";
}

static Elf_Data *section_data(const struct object *o, size_t index)
{
	static Elf_Data none;
	Elf_Scn *scn = elf_getscn(o->elf, index);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;

	return data && data->d_buf ? data : &none;
}

/* The section's index, 0 when there is none of that name. */
static size_t find_section(const struct object *o, const char *name)
{
	GElf_Shdr header;
	size_t nr = 0;

	elf_getshdrnum(o->elf, &nr);
	for (size_t i = 1; i < nr; i++)
		if (!strcmp(section_name(o, i, &header), name))
			return i;
	return 0;
}

static const char *symbol(const struct object *o, size_t index, GElf_Sym *sym)
{
	const char *name;

	if (!o->symbols || !gelf_getsym(o->symbols, index, sym))
		return NULL;
	name = elf_strptr(o->elf, o->symbol_names, sym->st_name);
	return name ? name : "";
}

static void read_functions(struct object *o)
{
	GElf_Sym sym;
	const char *name;

	for (size_t i = 0; i < o->nr_symbols; i++) {
		name = symbol(o, i, &sym);
		if (!name || GELF_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_shndx == SHN_UNDEF)
			continue;
		o->function = xrealloc(o->function, o->nr_functions + 1, sizeof(*o->function));
		o->function[o->nr_functions++] =
			(struct function){ name, sym.st_shndx, sym.st_value,
					   sym.st_value + sym.st_size };
	}
}

static void read_relocs(struct object *o, size_t index, const GElf_Shdr *header)
{
	Elf_Data *data = section_data(o, index);
	size_t nr = header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	GElf_Rel rel;

	for (size_t i = 0; i < nr && gelf_getrel(data, i, &rel); i++) {
		struct reloc r = { .section = header->sh_info, .offset = rel.r_offset };

		r.name = symbol(o, GELF_R_SYM(rel.r_info), &r.symbol);
		if (!r.name)
			continue;
		o->reloc = xrealloc(o->reloc, o->nr_relocs + 1, sizeof(*o->reloc));
		o->reloc[o->nr_relocs++] = r;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void read_sections(struct object *o)
{
	size_t nr = 0;

	elf_getshdrnum(o->elf, &nr);
	for (size_t i = 1; i < nr && !o->symbols; i++) {
		GElf_Shdr header = { 0 };

		section_name(o, i, &header);
		if (header.sh_type != SHT_SYMTAB || !header.sh_entsize)
			continue;
		o->symbols = section_data(o, i);
		o->symbol_names = header.sh_link;
		o->nr_symbols = o->symbols->d_size / header.sh_entsize;
	}
	read_functions(o);
	for (size_t i = 1; i < nr; i++) {
		GElf_Shdr header = { 0 };

		section_name(o, i, &header);
		if (header.sh_type == SHT_REL)
			read_relocs(o, i, &header);
	}
	if (o->nr_relocs)
		qsort(o->reloc, o->nr_relocs, sizeof(*o->reloc), by_place);
}

/* --- helpers called, through subprograms as well --- */

static const char *helper_name(int id)
{
#define NAME(name) "bpf_" #name
	static const char *const names[] = { __BPF_FUNC_MAPPER(NAME) };

	return id > 0 && id < (int)ARRAY_SIZE(names) ? names[id] : NULL;
}

static const struct reloc *reloc_at(const struct object *o, size_t section, uint64_t offset)
{
	struct reloc key = { .section = section, .offset = offset };

	return o->nr_relocs ? bsearch(&key, o->reloc, o->nr_relocs, sizeof(*o->reloc), by_place)
			    : NULL;
}

/* The functions that a program reaches, itself first. */
struct reach {
	bool *seen;
	size_t *list;
	size_t nr;
};

static void reach__add(const struct object *o, struct reach *r, size_t section, uint64_t offset)
{
	for (size_t i = 0; i < o->nr_functions; i++) {
		const struct function *f = &o->function[i];

		if (f->section != section || offset < f->start || offset >= f->end || r->seen[i])
			continue;
		r->seen[i] = true;
		r->list[r->nr++] = i;
	}
}

static void note_call(struct object *o, struct reach *reach, const char *program, size_t section,
		      uint64_t offset, const struct bpf_insn *insn)
{
	const struct reloc *reloc = reloc_at(o, section, offset);
	cleanup_buf struct buf b = { 0 };
	const char *helper = helper_name(insn->imm);

	if (reloc && reloc->symbol.st_shndx == SHN_UNDEF)
		add_fact(o, "call %s %s", program, word(reloc->name, &b));
	else if (reloc)
		reach__add(o, reach, reloc->symbol.st_shndx,
			   reloc->symbol.st_value + (insn->imm + 1LL) * sizeof(*insn));
	else if (insn->src_reg == BPF_PSEUDO_CALL)
		reach__add(o, reach, section, offset + (insn->imm + 1LL) * sizeof(*insn));
	else if (!insn->src_reg && helper)
		add_fact(o, "call %s %s", program, helper);
	else if (!insn->src_reg)
		add_fact(o, "call %s %d", program, insn->imm);
}

/* A function's address: a callback, as of bpf_loop(). */
static void note_address(struct object *o, struct reach *reach, size_t section, uint64_t offset,
			 const struct bpf_insn *insn)
{
	const struct reloc *reloc = reloc_at(o, section, offset);

	if (reloc)
		reach__add(o, reach, reloc->symbol.st_shndx, reloc->symbol.st_value + insn->imm);
}

static void walk_function(struct object *o, struct reach *reach, const char *program,
			  const struct function *f)
{
	Elf_Data *data = section_data(o, f->section);
	struct bpf_insn insn;

	for (uint64_t at = f->start; at < f->end && at + sizeof(insn) <= data->d_size;
	     at += sizeof(insn)) {
		memcpy(&insn, (char *)data->d_buf + at, sizeof(insn));
		if (insn.code == (BPF_JMP | BPF_CALL)) {
			note_call(o, reach, program, f->section, at, &insn);
		} else if (insn.code == (BPF_LD | BPF_IMM | BPF_DW)) {
			note_address(o, reach, f->section, at, &insn);
			at += sizeof(insn);
		}
	}
}

/* --- CO-RE relocations --- */

static const char *const core_kinds[] = {
	[BPF_CORE_FIELD_BYTE_OFFSET] = "byte_off",    [BPF_CORE_FIELD_BYTE_SIZE] = "byte_sz",
	[BPF_CORE_FIELD_EXISTS] = "field_exists",     [BPF_CORE_FIELD_SIGNED] = "signed",
	[BPF_CORE_FIELD_LSHIFT_U64] = "lshift_u64",   [BPF_CORE_FIELD_RSHIFT_U64] = "rshift_u64",
	[BPF_CORE_TYPE_ID_LOCAL] = "local_type_id",   [BPF_CORE_TYPE_ID_TARGET] = "target_type_id",
	[BPF_CORE_TYPE_EXISTS] = "type_exists",	      [BPF_CORE_TYPE_SIZE] = "type_size",
	[BPF_CORE_ENUMVAL_EXISTS] = "enumval_exists", [BPF_CORE_ENUMVAL_VALUE] = "enumval_value",
	[BPF_CORE_TYPE_MATCHES] = "type_matches",
};

/* .BTF.ext: offsets are relative to the header's end. */
struct ext_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t hdr_len, func_info_off, func_info_len, line_info_off, line_info_len;
	uint32_t core_relo_off, core_relo_len;
};

struct ext_section {
	uint32_t name, nr;
};

/* The part of .BTF.ext that holds the relocations; len 0 when it has none. */
static const char *core_part(const struct object *o, size_t *len)
{
	Elf_Data *data = section_data(o, find_section(o, ".BTF.ext"));
	struct ext_header h;
	uint64_t start;

	*len = 0;
	if (data->d_size < sizeof(h))
		return NULL;
	memcpy(&h, data->d_buf, sizeof(h));
	start = (uint64_t)h.hdr_len + h.core_relo_off;
	if (h.magic != 0xeb9f || h.hdr_len < sizeof(h) || start > data->d_size ||
	    h.core_relo_len > data->d_size - start)
		return NULL;
	*len = h.core_relo_len;
	return (char *)data->d_buf + start;
}

static void add_core_reloc(struct object *o, size_t section, const struct bpf_core_relo *r)
{
	o->core = xrealloc(o->core, o->nr_core + 1, sizeof(*o->core));
	o->core[o->nr_core++] =
		(struct core_reloc){ section, r->insn_off, r->type_id, r->access_str_off, r->kind };
}

static void read_core_relocs(struct object *o)
{
	struct bpf_core_relo r;
	struct ext_section s;
	uint32_t size;
	size_t len;
	const char *at = core_part(o, &len), *end = at + len;

	if (len < sizeof(size) || !o->btf)
		return;
	memcpy(&size, at, sizeof(size));
	at += sizeof(size);
	while (size >= sizeof(r) && (size_t)(end - at) >= sizeof(s)) {
		const char *name;
		size_t section;

		memcpy(&s, at, sizeof(s));
		at += sizeof(s);
		name = btf__name_by_offset(o->btf, s.name);
		section = name ? find_section(o, name) : 0;
		for (; s.nr && (size_t)(end - at) >= size; s.nr--, at += size) {
			memcpy(&r, at, sizeof(r));
			add_core_reloc(o, section, &r);
		}
	}
}

/* Skips typedefs and qualifiers; `*name` becomes the first name met. */
static const struct btf_type *skip_aliases(const struct btf *btf, uint32_t id, const char **name)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (int depth = 0; t && depth < 64; depth++) {
		if (name && !(*name && **name))
			*name = btf__name_by_offset(btf, t->name_off);
		if (!btf_is_mod(t) && !btf_is_typedef(t))
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

static const char *enumerator(const struct btf *btf, const struct btf_type *t, unsigned long i)
{
	if (btf_is_enum(t) && i < btf_vlen(t))
		return btf__name_by_offset(btf, btf_enum(t)[i].name_off);
	if (btf_is_enum64(t) && i < btf_vlen(t))
		return btf__name_by_offset(btf, btf_enum64(t)[i].name_off);
	return NULL;
}

/* Follows "0:1:2", a path of member numbers and array indices, and adds the members' names. */
static void add_members(struct buf *path, const struct btf *btf, const struct btf_type *t,
			const char *access)
{
	char *next;

	strtoul(access, &next, 10); /* the index behind the pointer */
	while (t && *next == ':') {
		unsigned long i = strtoul(next + 1, &next, 10);

		if (btf_is_array(t)) {
			t = skip_aliases(btf, btf_array(t)->type, NULL);
		} else if (btf_is_composite(t) && i < btf_vlen(t)) {
			const struct btf_member *m = &btf_members(t)[i];
			const char *name = btf__name_by_offset(btf, m->name_off);

			if (name && *name)
				buf__printf(path, ".%s", name);
			t = skip_aliases(btf, m->type, NULL);
		} else {
			return;
		}
	}
}

static void note_core_reloc(struct object *o, const char *program, const struct core_reloc *r)
{
	const char *access = btf__name_by_offset(o->btf, r->access), *name = NULL;
	const struct btf_type *t = skip_aliases(o->btf, r->type_id, &name);
	cleanup_buf struct buf path = { 0 }, b = { 0 };

	if (r->kind >= ARRAY_SIZE(core_kinds) || !t || !access)
		return;
	buf__printf(&path, "%s", name && *name ? name : "-");
	if (r->kind <= BPF_CORE_FIELD_RSHIFT_U64)
		add_members(&path, o->btf, t, access);
	name = enumerator(o->btf, t, strtoul(access, NULL, 10));
	if ((r->kind == BPF_CORE_ENUMVAL_EXISTS || r->kind == BPF_CORE_ENUMVAL_VALUE) && name)
		buf__printf(&path, ".%s", name);
	add_fact(o, "relocation %s %s %s", program, core_kinds[r->kind], word(path.data, &b));
}

static void walk_core_relocs(struct object *o, const char *program, const struct function *f)
{
	for (size_t i = 0; i < o->nr_core; i++)
		if (o->core[i].section == f->section && o->core[i].offset >= f->start &&
		    o->core[i].offset < f->end)
			note_core_reloc(o, program, &o->core[i]);
}

/* --- programs, maps, variables --- */

/* libbpf hides the '?' of a section whose program it does not load by itself. */
static bool in_section(const struct object *o, size_t index, const char *name)
{
	GElf_Shdr header;
	const char *section = section_name(o, index, &header);

	return !strcmp(section + (*section == '?'), name + (*name == '?'));
}

static void walk_program(struct object *o, const struct bpf_program *prog, const char *name)
{
	struct reach reach = { xcalloc(o->nr_functions, sizeof(bool)),
			       xcalloc(o->nr_functions, sizeof(size_t)), 0 };

	for (size_t i = 0; i < o->nr_functions; i++)
		if (!strcmp(o->function[i].name, bpf_program__name(prog)) &&
		    in_section(o, o->function[i].section, bpf_program__section_name(prog)))
			reach__add(o, &reach, o->function[i].section, o->function[i].start);
	for (size_t i = 0; i < reach.nr; i++) {
		walk_function(o, &reach, name, &o->function[reach.list[i]]);
		walk_core_relocs(o, name, &o->function[reach.list[i]]);
	}
	free(reach.seen);
	free(reach.list);
}

static const char *known(const char *name)
{
	return name ? name : "unknown";
}

static void note_program(struct object *o, const struct bpf_program *prog)
{
	cleanup_buf struct buf name = { 0 }, section = { 0 };

	word(bpf_program__name(prog), &name);
	add_fact(o, "program %s section=%s type=%s insns=%zu%s", name.data,
		 word(bpf_program__section_name(prog), &section),
		 known(libbpf_bpf_prog_type_str(bpf_program__type(prog))),
		 bpf_program__insn_cnt(prog), bpf_program__autoload(prog) ? "" : " autoload=no");
	walk_program(o, prog, name.data);
}

static void note_map(struct object *o, const struct bpf_map *map)
{
	cleanup_buf struct buf name = { 0 }, pin = { 0 };

	if (bpf_map__is_internal(map))
		return;
	if (bpf_map__pin_path(map)) {
		buf__printf(&pin, " pin=");
		word(bpf_map__pin_path(map), &name);
		buf__add(&pin, name.data, name.len);
	}
	add_fact(o, "map %s type=%s key=%u value=%u max_entries=%u flags=%u%s",
		 word(bpf_map__name(map), &name),
		 known(libbpf_bpf_map_type_str(bpf_map__type(map))), bpf_map__key_size(map),
		 bpf_map__value_size(map), bpf_map__max_entries(map), bpf_map__map_flags(map),
		 pin.len ? pin.data : "");
}

static void note_variables(struct object *o, const struct btf_type *section)
{
	const char *in = btf__name_by_offset(o->btf, section->name_off);
	const struct btf_var_secinfo *info = btf_var_secinfos(section);
	cleanup_buf struct buf where = { 0 }, name = { 0 };

	if (!in || in[0] != '.' || !strcmp(in, ".maps") || !strcmp(in, ".ksyms"))
		return;
	word(in, &where);
	for (int i = 0; i < btf_vlen(section); i++) {
		const struct btf_type *var = btf__type_by_id(o->btf, info[i].type);

		if (var && btf_is_var(var))
			add_fact(o, "variable %s %s %lld", where.data,
				 word(btf__name_by_offset(o->btf, var->name_off), &name),
				 (long long)btf__resolve_size(o->btf, var->type));
	}
}

static void note_license(struct object *o)
{
	Elf_Data *data = section_data(o, find_section(o, "license"));
	cleanup_buf struct buf text = { 0 }, b = { 0 };

	if (!data->d_size)
		return;
	buf__add(&text, data->d_buf, data->d_size);
	add_fact(o, "license %s", word(text.data, &b));
}

static void note_all(struct object *o)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	bpf_object__for_each_program (prog, o->bpf)
		note_program(o, prog);
	bpf_object__for_each_map (map, o->bpf)
		note_map(o, map);
	for (uint32_t i = 1; o->btf && i < btf__type_cnt(o->btf); i++)
		if (btf_is_datasec(btf__type_by_id(o->btf, i)))
			note_variables(o, btf__type_by_id(o->btf, i));
	note_license(o);
}

/* --- the command --- */

static int complain(const char *path, const char *why)
{
	fprintf(stderr, "facts: %s: %s\n", path, why);
	return 1;
}

static int read_object(struct object *o, int fd)
{
	elf_version(EV_CURRENT);
	o->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!o->elf || elf_kind(o->elf) != ELF_K_ELF || elf_getshdrstrndx(o->elf, &o->names))
		return complain(o->path, "no ELF object; give the .bpf.o that clang wrote");
	o->bpf = bpf_object__open(o->path);
	if (!o->bpf)
		return complain(o->path, strerror(errno));
	o->btf = bpf_object__btf(o->bpf);
	read_sections(o);
	read_core_relocs(o);
	return 0;
}

static void object__free(struct object *o)
{
	for (size_t i = 0; i < o->nr_facts; i++)
		free(o->fact[i]);
	free(o->fact);
	free(o->function);
	free(o->reloc);
	free(o->core);
	bpf_object__close(o->bpf);
	elf_end(o->elf);
}

int main(int argc, char **argv)
{
	struct object o = { .path = argv[1] };
	cleanup_fd int fd = -1;
	int err;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "Usage: facts OBJECT.bpf.o\n");
		return 2;
	}
	fd = open(o.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(o.path, strerror(errno));
	err = read_object(&o, fd);
	if (!err) {
		note_all(&o);
		print_facts(&o);
	}
	object__free(&o);
	if (!err && (fflush(stdout) || ferror(stdout)))
		return complain("standard output", strerror(errno));
	return err;
}
