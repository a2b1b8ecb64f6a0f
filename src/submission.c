// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "exercise.h"
#include "rows.h"
#include "submission.h"

struct reader {
	struct submission *s;
	struct archive *archive;
	bool folder;
	const char *bare; /* whose sources may stand at the top or in one folder, or NULL */
	char *bare_dir;	  /* the first such folder */
	struct handed_in in_bare_dir;
	bool strays; /* there are more such folders */
	uint64_t unpacked;
	size_t entries;
};

static void note(struct submission *s, const char *fmt, ...) __printf(2, 3);
static void note(struct submission *s, const char *fmt, ...)
{
	cleanup_buf struct buf visible = { 0 };
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	text__visible(&visible, (struct text){ text, strnlen(text, 500) });
	strings__add(&s->notes, steal_ptr(visible.data));
}

/* A thousand files that are passed over must not hide what comes after them. */
static void bound_notes(struct submission *s)
{
	if (s->notes.count <= SUBMISSION_MAX_NOTES)
		return;
	for (size_t i = SUBMISSION_MAX_NOTES; i < s->notes.count; i++)
		free(s->notes.items[i]);
	s->notes.items[SUBMISSION_MAX_NOTES] = xstrdup("...");
	s->notes.count = SUBMISSION_MAX_NOTES + 1;
}

/* --- names --- */

/* "07-histograms", by its form. */
static bool is_unit_name(const char *name)
{
	return strspn(name, "0123456789") == 2 && name[2] == '-';
}

/* Where a path leads: the folder and the file at its end, both mostly in `parts`. */
struct place {
	struct strings parts;
	bool outside;
	bool ours;	  /* a solution or a worked pair of a checkout */
	bool proper;	  /* where the course says that exercises stand */
	const char *file; /* NULL: none */
	const char *dir;  /* NULL: it is no exercise's */
};

static void place__of(struct place *p, const char *path)
{
	const char *at = path;
	size_t n;

	*p = (struct place){ .outside = *path == '/' };
	while (*at) {
		size_t len = strcspn(at, "/");

		if (len == 2 && !memcmp(at, "..", 2))
			p->outside = true;
		if (len && !(len == 1 && *at == '.'))
			strings__add(&p->parts, text__copy(at, len));
		at += len + (at[len] == '/');
	}
	n = p->parts.count;
	p->file = n ? p->parts.items[n - 1] : NULL;
	p->proper = n == 2 || (n > 2 && !strcmp(p->parts.items[n - 3], "exercises"));
	p->ours = n > 2 && (!strcmp(p->parts.items[n - 3], "solutions") ||
			    !strcmp(p->parts.items[n - 3], "libbpf"));
	if (n > 1 && !p->ours && is_unit_name(p->parts.items[n - 2]))
		p->dir = p->parts.items[n - 2];
}

/* The folder that the file is in, "" at the top. */
static char *folder_of(const struct place *p)
{
	cleanup_buf struct buf b = { 0 };

	buf__add(&b, "", 0);
	for (size_t i = 0; i + 1 < p->parts.count; i++)
		buf__printf(&b, "%s%s", i ? "/" : "", p->parts.items[i]);
	return steal_ptr(b.data);
}

static struct handed_in *find_item(struct submission *s, const char *dir)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->item[i].unit->name, dir))
			return &s->item[i];
	return NULL;
}

/* Which source of the exercise in the folder `dir` the file is, or -1. */
static int source_index(const char *dir, const char *file)
{
	const char *topic = dir + 3;
	size_t len = strlen(topic);

	for (int i = 0; i < NR_SOURCES; i++)
		if (!strncmp(file, topic, len) && !strcmp(file + len, unit_sources[i]))
			return i;
	return -1;
}

/* An exercise that has a source of that name, or NULL. */
static const struct unit *unit_with_source(const struct submission *s, const char *file)
{
	for (size_t i = 0; i < s->count; i++)
		if (source_index(s->item[i].unit->name, file) >= 0)
			return s->item[i].unit;
	return NULL;
}

/* Which of two files of the same name counts: the one in its place. Else the last one of an archive, as for who
 * unpacks it; a folder's order is nobody's.
 */
static bool counts_more(const struct reader *r, const char *path, const char *than)
{
	struct place a, b;
	bool more;

	place__of(&a, path);
	place__of(&b, than);
	more = a.proper != b.proper ? a.proper : !r->folder || strcmp(path, than) < 0;
	strings__free(&a.parts);
	strings__free(&b.parts);
	return more;
}

/* --- content --- */

/* A small file that becomes a thousand times as large is meant to fill something. */
static bool blown_up(struct reader *r)
{
	int64_t packed;

	if (r->folder || r->unpacked <= 1 << 20)
		return r->unpacked > SUBMISSION_MAX_BYTES;
	packed = archive_filter_bytes(r->archive, -1);
	return r->unpacked > SUBMISSION_MAX_BYTES ||
	       r->unpacked / SUBMISSION_MAX_RATIO > (uint64_t)(packed > 0 ? packed : 1);
}

/* Reads the entry's bytes into `b`. Returns what is wrong with them, or NULL. */
static const char *read_content(struct reader *r, struct buf *b)
{
	const void *block;
	size_t size;
	int64_t at;
	int err;

	buf__add(b, "", 0);
	while ((err = archive_read_data_block(r->archive, &block, &size, &at)) == ARCHIVE_OK) {
		r->unpacked += size;
		/* A sparse file has holes; a source has none. */
		if (at != (int64_t)b->len || b->len + size > SUBMISSION_MAX_FILE)
			return "is too large, or has holes";
		buf__add(b, block, size);
	}
	if (err != ARCHIVE_EOF)
		return "cannot be read";
	return memchr(b->data, '\0', b->len) ? "holds NUL bytes" : NULL;
}

static void take_source(struct reader *r, struct archive_entry *e, struct handed_in *h, int source)
{
	cleanup_free char *name = xprintf("%s%s", h->unit->topic, unit_sources[source]);
	const char *wrong = NULL, *path = archive_entry_pathname(e), *old = h->path[source];
	bool more = !old || counts_more(r, path, old);
	cleanup_buf struct buf text = { 0 };

	if (old && !strcmp(path, old))
		note(r->s, "%s/%s is there twice: the last one counts", h->unit->name, name);
	else if (old)
		note(r->s, "%s/%s is there twice: %s counts", h->unit->name, name,
		     more ? path : old);
	if (!more)
		return;
	free(h->path[source]);
	h->path[source] = xstrdup(path);
	free(h->wrong[source]);
	h->wrong[source] = NULL;
	if (archive_entry_hardlink(e))
		wrong = "is a hard link, not a file";
	else if (archive_entry_filetype(e) == AE_IFLNK)
		wrong = "is a symbolic link, not a file";
	else if (archive_entry_filetype(e) != AE_IFREG)
		wrong = "is no regular file";
	else
		wrong = read_content(r, &text);
	if (wrong) {
		h->wrong[source] = xprintf("%s %s", name, wrong);
		note(r->s, "%s/%s %s: not taken", h->unit->name, name, wrong);
		return;
	}
	if (archive_entry_perm(e) & (S_ISUID | S_ISGID))
		note(r->s, "%s/%s has a set-id bit: taken as plain text", h->unit->name, name);
	buf__free(&h->source[source]);
	h->source[source] = text;
	text = (struct buf){ 0 };
	h->given[source] = true;
}

/* A file that bears a source's name where no exercise's stand. With one exercise to grade, the single folder that has
 * such files is taken for the exercise's in the end.
 */
static void take_stray(struct reader *r, struct archive_entry *e, const struct place *p,
		       const struct unit *unit)
{
	const char *path = archive_entry_pathname(e);
	int source = r->bare ? source_index(r->bare, p->file) : -1;
	cleanup_free char *dir = folder_of(p);

	if (source >= 0 && !r->bare_dir) {
		r->bare_dir = xstrdup(dir);
		r->in_bare_dir.unit = find_item(r->s, r->bare)->unit;
	}
	if (source >= 0 && !strcmp(dir, r->bare_dir)) {
		take_source(r, e, &r->in_bare_dir, source);
		return;
	}
	r->strays |= source >= 0;
	note(r->s, "%s is not in a folder %s/: not taken", path, unit->name);
}

/* What the project puts beside the sources; a submission's own is of no interest. */
static bool is_ours(const char *file)
{
	return !strcmp(file, "README.md") || !strcmp(file, "prototype.py") ||
	       !strcmp(file, "starter.ids");
}

static void take_entry(struct reader *r, struct archive_entry *e)
{
	const char *path = archive_entry_pathname(e);
	bool is_dir = archive_entry_filetype(e) == AE_IFDIR;
	const struct unit *unit;
	struct handed_in *h;
	struct place p;
	int source;

	if (!path) {
		note(r->s, "a name that is no UTF-8: passed over");
		return;
	}
	place__of(&p, path);
	if (r->bare && p.parts.count == 1 && source_index(r->bare, p.file) >= 0)
		p.dir = r->bare;
	h = p.dir ? find_item(r->s, p.dir) : NULL;
	source = p.dir ? source_index(p.dir, p.file) : -1;
	if (p.outside)
		note(r->s, "%s leads outside: not taken", path);
	else if (h && source >= 0)
		take_source(r, e, h, source);
	else if (h && p.proper && !is_dir && !is_ours(p.file))
		note(r->s, "%s is no source of the exercise: passed over", path);
	else if (source >= 0)
		note(r->s, "%s: no exercise is called %s", path, p.dir);
	else if (!h && !p.ours && !is_dir && p.file && (unit = unit_with_source(r->s, p.file)))
		take_stray(r, e, &p, unit);
	strings__free(&p.parts);
}

/* --- folders and archives --- */

/* Folders that only a whole checkout has, and that may be large. */
static bool is_of_checkout(struct archive_entry *e)
{
	const char *path = archive_entry_pathname(e), *name = path ? strrchr(path, '/') : NULL;

	return name && (!strcmp(name, "/.git") || !strcmp(name, "/build"));
}

static struct archive *open_folder(const char *path)
{
	struct archive *a = archive_read_disk_new();

	/* Links are what they are; what was named is followed. */
	if (archive_read_disk_set_symlink_hybrid(a) || archive_read_disk_open(a, path)) {
		archive_read_free(a);
		return NULL;
	}
	return a;
}

/* libarchive, left to itself, looks for filters within filters, and keeps what it looks at: a gzip in a gzip
 * of 2 KB costs gigabytes. So the file's first bytes name the one filter there is.
 */
static int filter_of(const char *path)
{
	static const struct {
		const char *begin;
		int filter;
	} filters[] = {
		{ "\x1f\x8b", ARCHIVE_FILTER_GZIP },
		{ "\xfd\x37zXZ", ARCHIVE_FILTER_XZ },
	};
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char begin[8] = "";

	if (fd < 0 || read(fd, begin, sizeof(begin)) < 0)
		return ARCHIVE_FILTER_NONE; /* to open it fails too, and tells why */
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		if (!memcmp(begin, filters[i].begin, strlen(filters[i].begin)))
			return filters[i].filter;
	return ARCHIVE_FILTER_NONE;
}

/* Only what the course says can be handed in: each further format is one more parser to trust. A zip's
 * directory, unlike what stands before each file, always tells the size.
 */
static struct archive *open_archive(const char *path, struct submission *s)
{
	struct archive *a = archive_read_new();

	archive_read_append_filter(a, filter_of(path));
	archive_read_support_format_tar(a);
	archive_read_support_format_zip_seekable(a);
	if (!archive_read_open_filename(a, path, 65536))
		return a;
	note(s, "not an archive that can be read (a folder, .tar.gz, .tar.xz or .zip is): %s",
	     archive_error_string(a));
	archive_read_free(a);
	return NULL;
}

/* The path within the folder that was given: libarchive tells it from where the command runs. An
 * exercise's own folder may be what is handed in.
 */
static void make_relative(struct archive_entry *e, const char *root)
{
	const char *path = archive_entry_pathname(e), *name;
	size_t len = strlen(root);
	cleanup_free char *inner = NULL;

	while (len > 1 && root[len - 1] == '/')
		len--;
	if (!path || strncmp(path, root, len))
		return;
	for (name = root + len; name > root && name[-1] != '/';)
		name--;
	inner = is_unit_name(name) ? xprintf("%.*s%s", (int)(root + len - name), name, path + len)
				   : xstrdup(path + len + strspn(path + len, "/"));
	archive_entry_set_pathname(e, inner);
}

/* Passing an entry over unpacks it all the same, and so does what is no entry: a tar's long names. */
static void count_bytes(struct reader *r, struct archive_entry *e)
{
	uint64_t taken = archive_filter_bytes(r->archive, 0);

	r->unpacked = taken > r->unpacked ? taken : r->unpacked;
	r->unpacked += archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;
}

/* What libarchive says, without where the folder is on this machine. */
static const char *reason(const struct reader *r, const char *root)
{
	const char *said = archive_error_string(r->archive) ?: "no reason given";
	size_t len = strlen(root);

	if (!r->folder || strncmp(said, root, len))
		return said;
	return said + len + strspn(said + len, "/");
}

/* One entry. Returns 1 when there may be more, 0 at the end, or a negative error code. */
static int read_entry(struct reader *r, struct archive_entry *e, const char *path)
{
	int err = archive_read_next_header2(r->archive, e);

	if (err == ARCHIVE_EOF)
		return 0;
	/* A folder that its owner alone may read hides nothing but itself. */
	if (r->folder && err == ARCHIVE_FAILED && r->entries++ < SUBMISSION_MAX_ENTRIES) {
		note(r->s, "passed over: %s", reason(r, path));
		bound_notes(r->s);
		return 1;
	}
	if (err < ARCHIVE_WARN) {
		note(r->s, "ends in the middle or is damaged: %s", reason(r, path));
		return r->entries ? 0 : -EBADMSG;
	}
	if (r->folder) {
		if (archive_read_disk_can_descend(r->archive) && !is_of_checkout(e))
			archive_read_disk_descend(r->archive);
		make_relative(e, path);
	} else {
		count_bytes(r, e);
	}
	if (r->entries++ == SUBMISSION_MAX_ENTRIES || blown_up(r)) {
		note(r->s, "it holds too much: what follows \"%s\" is passed over",
		     archive_entry_pathname(e) ?: "?");
		return 0;
	}
	take_entry(r, e);
	bound_notes(r->s);
	return 1;
}

static int read_entries(struct reader *r, const char *path)
{
	struct archive_entry *e = archive_entry_new2(r->archive);
	int more;

	while ((more = read_entry(r, e, path)) > 0)
		archive_entry_clear(e);
	archive_entry_free(e);
	return more;
}

static void handed_in__clear(struct handed_in *h)
{
	for (int k = 0; k < NR_SOURCES; k++) {
		buf__free(&h->source[k]);
		free(h->path[k]);
		free(h->wrong[k]);
	}
}

/* Sources that were not handed in are the starter's. */
static void fill_in(struct submission *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct handed_in *h = &s->item[i];

		for (int k = 0; k < NR_SOURCES && handed_in__any(h); k++) {
			cleanup_free char *path =
				unit__source(h->unit, h->unit->exercise, unit_sources[k]);

			if (h->given[k])
				continue;
			buf__free(&h->source[k]);
			file__read(path, &h->source[k]);
			if (!handed_in__refused(h))
				note(s, "%s/%s%s was not handed in: the starter's is used",
				     h->unit->name, h->unit->topic, unit_sources[k]);
		}
	}
}

/* From the root, without a "/" at its end. A link keeps its name, but "." has one only there. */
static char *absolute(const char *given)
{
	cleanup_free char *path = xstrdup(given), *dir = NULL;
	size_t len = strlen(path);
	char *slash, *name;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	slash = strrchr(path, '/');
	name = slash ? slash + 1 : path;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return realpath(path, NULL) ?: steal_ptr(path);
	if (slash)
		*slash = '\0';
	dir = realpath(!slash ? "." : slash == path ? "/" : path, NULL);
	if (!dir)
		return xstrdup(given);
	return xprintf("%s/%s", strcmp(dir, "/") ? dir : "", name);
}

char *submission__name(const char *given, unsigned parents, bool ending)
{
	static const char *const endings[] = {
		".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar", ".zip"
	};
	cleanup_free char *path = absolute(given);
	cleanup_buf struct buf visible = { 0 };
	size_t len = strlen(path), start;

	for (start = len; start && (path[start - 1] != '/' || parents--);)
		start--;
	if (start == len) /* the root */
		start = 0;
	len -= start;
	for (size_t i = 0; i < ARRAY_SIZE(endings) && !ending; i++)
		if (text__ends(path + start, len, endings[i]) && len > strlen(endings[i])) {
			len -= strlen(endings[i]);
			break;
		}
	text__visible(&visible, (struct text){ path + start, len < 200 ? len : 200 });
	return steal_ptr(visible.data);
}

/* No source's folder is there, and one that could be. */
static void settle_bare(struct reader *r)
{
	struct handed_in *h = r->bare_dir ? find_item(r->s, r->bare) : NULL;

	if (h && !handed_in__any(h) && !r->strays) {
		handed_in__clear(h);
		*h = r->in_bare_dir;
		note(r->s, "the sources in %s/ are taken for those of %s", r->bare_dir, r->bare);
	} else if (h) {
		note(r->s, "%s/ is no folder %s/: its sources are not taken", r->bare_dir, r->bare);
		handed_in__clear(&r->in_bare_dir);
	}
	free(r->bare_dir);
}

int submission__read(struct submission *s, const char *path, const struct units *units,
		     const char *bare)
{
	struct reader r = { .s = s, .bare = bare };
	struct stat st;
	int err = 0;

	*s = (struct submission){ .item = xcalloc(units->count, sizeof(*s->item)),
				  .count = units->count };
	for (size_t i = 0; i < units->count; i++)
		s->item[i].unit = &units->items[i];
	if (stat(path, &st)) {
		err = -errno;
		note(s, "%s", strerror(-err));
		return err;
	}
	r.folder = S_ISDIR(st.st_mode);
	/* A pipe may never be written to; nor is there an end to some of the empty files in /proc. */
	if (!r.folder && (!S_ISREG(st.st_mode) || !st.st_size)) {
		note(s, "neither a folder nor a file with anything in it: not read");
		return -EINVAL;
	}
	r.archive = r.folder ? open_folder(path) : open_archive(path, s);
	err = r.archive ? read_entries(&r, path) : -EBADMSG;
	archive_read_free(r.archive);
	settle_bare(&r);
	if (r.folder && s->notes.count <= SUBMISSION_MAX_NOTES)
		strings__sort(&s->notes);
	if (!err)
		fill_in(s);
	return err;
}

void submission__free(struct submission *s)
{
	for (size_t i = 0; i < s->count; i++)
		handed_in__clear(&s->item[i]);
	free(s->item);
	strings__free(&s->notes);
	*s = (struct submission){ 0 };
}

const char *handed_in__refused(const struct handed_in *h)
{
	const char *why = NULL;

	for (int i = 0; i < NR_SOURCES && !why; i++)
		why = h->wrong[i];
	return why;
}

bool handed_in__any(const struct handed_in *h)
{
	bool any = handed_in__refused(h);

	for (int i = 0; i < NR_SOURCES; i++)
		any |= h->given[i];
	return any;
}

/* The project's starters are known by their hashes, since whoever grades may be a learner too, with files of
 * the exercise edited in place. An exercise without the list counts as edited.
 */
bool handed_in__edited(const struct handed_in *h)
{
	cleanup_free char *path = xprintf("%s/starter.ids", h->unit->exercise);
	cleanup_buf struct buf ids = { 0 };

	if (handed_in__refused(h) || file__read(path, &ids))
		return true;
	for (int i = 0; i < NR_SOURCES; i++) {
		cleanup_free char *id = git_blob_id(h->source[i].data, h->source[i].len);

		if (!strstr(ids.data, id))
			return true;
	}
	return false;
}
