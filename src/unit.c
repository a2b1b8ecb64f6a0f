// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "unit.h"

/* --- finding units --- */

const char *const unit_sources[] = { ".h", ".bpf.c", ".c", NULL };

static const struct {
	const char *dir, *ending;
} places[] = {
	{ "bcc", ".py" },    { "libbpf", "" },	{ "exercises", "" },
	{ "solutions", "" }, { "tests", ".c" }, { "tests/wrong", "" },
};

/* NN-topic, of lower-case letters, digits and hyphens. */
static bool is_unit_name(const char *name)
{
	return isdigit((unsigned char)name[0]) && isdigit((unsigned char)name[1]) &&
	       name[2] == '-' && name[3] &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

static int add_names(struct strings *names, const char *root, const char *dir, const char *ending)
{
	cleanup_free char *path = xprintf("%s/%s", root, dir);
	DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : err_sys("%s", path);
	while ((entry = readdir(d))) {
		size_t len = strlen(entry->d_name);
		cleanup_free char *name = NULL;

		if (!text__ends(entry->d_name, len, ending))
			continue;
		name = text__copy(entry->d_name, len - strlen(ending));
		if (is_unit_name(name))
			strings__add(names, steal_ptr(name));
	}
	closedir(d);
	return 0;
}

static struct unit new_unit(const char *root, const char *name)
{
	struct unit unit = {
		.name = xstrdup(name),
		.number = { name[0], name[1] },
		.chapter = xprintf("%s/chapters/%s.md", root, name),
		.bcc = xprintf("%s/bcc/%s.py", root, name),
		.libbpf = xprintf("%s/libbpf/%s", root, name),
		.exercise = xprintf("%s/exercises/%s", root, name),
		.solution = xprintf("%s/solutions/%s", root, name),
		.test = xprintf("%s/tests/%s.c", root, name),
		.wrong = xprintf("%s/tests/wrong/%s", root, name),
	};

	unit.topic = unit.name + 3;
	return unit;
}

int units__load(struct units *units, const char *root)
{
	cleanup_strings struct strings names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int err = add_names(&names, root, places[i].dir, places[i].ending);

		if (err)
			return err;
	}
	strings__sort(&names);
	units->items = xcalloc(names.count, sizeof(*units->items));
	for (size_t i = 0; i < names.count; i++)
		units->items[units->count++] = new_unit(root, names.items[i]);
	return 0;
}

void unit__free(struct unit *unit)
{
	free(unit->name);
	free(unit->chapter);
	free(unit->bcc);
	free(unit->libbpf);
	free(unit->exercise);
	free(unit->solution);
	free(unit->test);
	free(unit->wrong);
	*unit = (struct unit){ 0 };
}

void units__free(struct units *units)
{
	for (size_t i = 0; i < units->count; i++)
		unit__free(&units->items[i]);
	free(units->items);
	*units = (struct units){ 0 };
}

static bool is_called(const struct unit *unit, const char *which)
{
	return !strcmp(unit->name, which) || !strcmp(unit->number, which) ||
	       (unit->number[0] == '0' && !strcmp(unit->number + 1, which));
}

int unit__find(struct unit *unit, const char *root, const char *which)
{
	cleanup_units struct units units = { 0 };
	int err = units__load(&units, root);

	if (err)
		return err;
	for (size_t i = 0; i < units.count; i++) {
		if (!is_called(&units.items[i], which))
			continue;
		*unit = units.items[i];
		units.items[i] = (struct unit){ 0 };
		return 0;
	}
	if (units.count)
		err_msg("%s: no such unit; name one from %s to %s", which, units.items[0].number,
			units.items[units.count - 1].number);
	else
		err_msg("%s: no units in %s; run workbook from a complete checkout", which, root);
	return -ENOENT;
}

int units__resolve(struct strings *which)
{
	for (size_t i = 0; i < which->count; i++) {
		cleanup_unit struct unit unit = { 0 };
		int err = unit__find(&unit, units_root(), which->items[i]);

		if (err)
			return err;
		free(which->items[i]);
		which->items[i] = xstrdup(unit.name);
	}
	return 0;
}

char *unit__source(const struct unit *unit, const char *dir, const char *ending)
{
	return xprintf("%s/%s%s", dir, unit->topic, ending);
}

int unit__add_file(struct parts *parts, const char *root, const char *path)
{
	cleanup_buf struct buf text = { 0 };
	int err = file__read(path, &text);

	if (!err)
		parts__add(parts, path + strlen(root) + 1, text.data, text.len);
	return err;
}

int unit__add_sources(struct parts *parts, const char *root, const struct unit *unit,
		      const char *dir)
{
	int first = 0;

	for (const char *const *ending = unit_sources; *ending; ending++) {
		cleanup_free char *path = unit__source(unit, dir, *ending);
		int err = unit__add_file(parts, root, path);

		first = first ? first : err;
	}
	return first;
}

void unit__wrong(const struct unit *unit, struct strings *patches)
{
	DIR *d = opendir(unit->wrong);
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		if (text__ends(entry->d_name, strlen(entry->d_name), ".patch"))
			strings__add(patches, xprintf("%s/%s", unit->wrong, entry->d_name));
	closedir(d);
	strings__sort(patches);
}

/* --- front matter --- */

const char *const point_names[POINTS] = { "builds", "loads", "matches", "lost", "object", "exits" };

/* By number, see capabilities(7). */
static const char capabilities[] =
	"chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap "
	"linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner "
	"sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice "
	"sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap "
	"mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf "
	"checkpoint_restore";

int capability__number(const char *name)
{
	cleanup_strings struct strings names = { 0 };

	strings__split(&names, capabilities);
	for (size_t i = 0; i < names.count; i++)
		if (!strcmp(names.items[i], name))
			return i;
	return -1;
}

/* Each setter returns NULL or what is wrong with the value and how to mend it. */

static const char *set_title(struct front *f, const char *value)
{
	size_t len = strlen(value);
	bool quoted = len >= 2 && value[0] == '"' && value[len - 1] == '"';

	f->title = quoted ? text__copy(value + 1, len - 2) : xstrdup(value);
	return *f->title ? NULL : "no title; write one";
}

static const char *set_capabilities(struct front *f, const char *value)
{
	cleanup_strings struct strings names = { 0 };

	strings__split(&names, value);
	for (size_t i = 0; i < names.count; i++) {
		int number = capability__number(names.items[i]);

		if (number < 0)
			return "not a capability; write names like `bpf perfmon net_admin`";
		f->capabilities |= 1ULL << number;
	}
	return NULL;
}

static const char *set_files(struct front *f, const char *value)
{
	strings__split(&f->files, value);
	for (size_t i = 0; i < f->files.count; i++)
		if (f->files.items[i][0] != '/')
			return "not an absolute path; write paths that start with /";
	return NULL;
}

static const char *set_programs(struct front *f, const char *value)
{
	strings__split(&f->programs, value);
	return f->programs.count ? NULL
				 : "no patterns; write sections like `ksyscall/openat kprobe/*`";
}

static const char *set_pins(struct front *f, const char *value)
{
	f->pins = xstrdup(value);
	return text__starts(value, strlen(value), "/sys/fs/bpf/")
		       ? NULL
		       : "not in the BPF file system; write a folder like /sys/fs/bpf/workbook";
}

/* Calls `set` for each pair of "{key: value, key: value}". */
static const char *each_pair(struct front *f, const char *value,
			     const char *(*set)(struct front *, const char *, const char *))
{
	const char *bad = "not a map; write {NAME: VALUE, NAME: VALUE}";
	size_t len = strlen(value);
	const char *p = value + 1, *end = value + len - 1;

	if (len < 2 || *value != '{' || *end != '}')
		return bad;
	while (p < end) {
		const char *comma = memchr(p, ',', end - p), *stop = comma ? comma : end;
		const char *colon = memchr(p, ':', stop - p);
		cleanup_free char *key = NULL, *item = NULL;
		const char *why;

		if (!colon)
			return bad;
		key = text__trim(p, colon - p);
		item = text__trim(colon + 1, stop - colon - 1);
		why = set(f, key, item);
		if (why)
			return why;
		p = stop + 1;
	}
	return NULL;
}

static const char *set_point(struct front *f, const char *key, const char *value)
{
	enum point item = 0;
	uint64_t points;

	while (item < POINTS && strcmp(point_names[item], key))
		item++;
	if (item == POINTS)
		return "not an item; points go to builds, loads, matches, lost, object, exits";
	if (parse_u64(value, &points) || points > 1000)
		return "not a number of points; write 0 to 1000";
	f->points[item] = points;
	return NULL;
}

static const char *set_points(struct front *f, const char *value)
{
	f->has_points = true;
	return each_pair(f, value, set_point);
}

static const char *set_side(struct front *f, const char *key, const char *value)
{
	enum only only = only__parse(value);

	if (!section__known(key))
		return "not a section's name; write one of those that CONTRIBUTING.md lists";
	if (!only)
		return "not a side; write bcc or libbpf";
	strings__add(only == ONLY_BCC ? &f->only_bcc : &f->only_libbpf, xstrdup(key));
	return NULL;
}

static const char *set_only(struct front *f, const char *value)
{
	return each_pair(f, value, set_side);
}

static const struct {
	const char *name;
	const char *(*set)(struct front *f, const char *value);
} keys[] = {
	{ "title", set_title },	  { "capabilities", set_capabilities },
	{ "points", set_points }, { "files", set_files },
	{ "only", set_only },	  { "programs", set_programs },
	{ "pins", set_pins },
};

/* Reads "KEY: VALUE"; `seen` has a bit for each key that there was. */
static const char *parse_line(struct front *f, const struct lines *l, unsigned *seen)
{
	const char *colon = memchr(l->line, ':', l->len);
	cleanup_free char *key = NULL, *value = NULL;

	if (!colon)
		return "not front matter; write KEY: VALUE, or close it with a line ---";
	key = text__trim(l->line, colon - l->line);
	value = text__trim(colon + 1, l->line + l->len - colon - 1);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, key))
			continue;
		if (*seen & 1u << i)
			return "written twice; keep one";
		*seen |= 1u << i;
		return keys[i].set(f, value);
	}
	return "no such key; there are title, capabilities, programs, points, files, pins and only";
}

static bool is_fence(const struct lines *l)
{
	return text__starts(l->line, l->len, "---") && text__blank(l->line + 3, l->len - 3);
}

static int fail(char **error, const char *file, unsigned line, const char *why)
{
	*error = xprintf("%s:%u: front matter: %s", file, line, why);
	return -EINVAL;
}

int front__parse(struct front *f, const char *file, const char *text, size_t len, char **error)
{
	struct lines l = lines_of(text, len);
	unsigned seen = 0;

	*error = NULL;
	*f = (struct front){ .capabilities = 1ULL << capability__number("bpf") |
					     1ULL << capability__number("perfmon") };
	if (!lines__next(&l) || !is_fence(&l)) {
		fail(error, file, 1, "none; begin the file with ---, title: TEXT, ---");
		return -ENOENT;
	}
	while (lines__next(&l)) {
		const char *why;

		f->last = l.number;
		if (is_fence(&l))
			return f->title
				       ? 0
				       : fail(error, file, l.number, "no title; write title: TEXT");
		if (text__blank(l.line, l.len))
			continue;
		why = parse_line(f, &l, &seen);
		if (why)
			return fail(error, file, l.number, why);
	}
	return fail(error, file, l.number, "not closed; write a line ---");
}

int front__read(struct front *f, const char *path)
{
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *error = NULL;
	int err = file__read(path, &text);

	*f = (struct front){ 0 };
	if (err) {
		errno = -err;
		return err_sys("%s", path);
	}
	err = front__parse(f, path, text.data, text.len, &error);
	if (err)
		err_msg("%s", error);
	return err;
}

void front__free(struct front *f)
{
	free(f->title);
	strings__free(&f->files);
	strings__free(&f->programs);
	free(f->pins);
	strings__free(&f->only_bcc);
	strings__free(&f->only_libbpf);
	*f = (struct front){ 0 };
}
