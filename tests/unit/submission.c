// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

#include "submission.h"

#include <setjmp.h> /* cmocka wants these three */
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define UNIT   "exercises/01-kprobe-counter"
#define PROBE  UNIT "/kprobe-counter.bpf.c"
#define TOOL   UNIT "/kprobe-counter.c"
#define HEADER UNIT "/kprobe-counter.h"

/* --- archives, as somebody might make them --- */

struct made {
	char *path;
	struct archive *archive;
	struct units units;
	const char *bare;
	struct submission s;
};

static void begin(struct made *m, const char *ending)
{
	cleanup_free char *base = xprintf("/tmp/submission.XXXXXX");
	int fd = mkstemp(base);

	*m = (struct made){ .path = xprintf("%s%s", base, ending), .archive = archive_write_new() };
	close(fd);
	unlink(base);
	assert_int_equal(units__load(&m->units, project_root()), 0);
	if (!strcmp(ending, ".zip")) {
		archive_write_set_format_zip(m->archive);
	} else {
		archive_write_set_format_pax_restricted(m->archive);
		if (!strcmp(ending, ".tar.gz"))
			archive_write_add_filter_gzip(m->archive);
		else
			archive_write_add_filter_xz(m->archive);
	}
	assert_int_equal(archive_write_open_filename(m->archive, m->path), 0);
}

static void put(struct made *m, const char *name, int mode, const char *target, const void *data,
		size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	if (target && S_ISLNK(mode))
		archive_entry_set_symlink(e, target);
	else if (target)
		archive_entry_set_hardlink(e, target);
	archive_entry_set_size(e, len);
	assert_true(archive_write_header(m->archive, e) >= ARCHIVE_WARN);
	if (len)
		assert_int_equal(archive_write_data(m->archive, data, len), len);
	archive_entry_free(e);
}

static void put_text(struct made *m, const char *name, const char *text)
{
	put(m, name, S_IFREG | 0644, NULL, text, strlen(text));
}

static int end(struct made *m)
{
	int err;

	archive_write_free(m->archive);
	err = submission__read(&m->s, m->path, &m->units, m->bare);
	unlink(m->path);
	return err;
}

static void made__free(struct made *m)
{
	submission__free(&m->s);
	units__free(&m->units);
	free(m->path);
}

static const struct handed_in *first(const struct made *m)
{
	return &m->s.item[0];
}

static bool noted(const struct made *m, const char *what)
{
	for (size_t i = 0; i < m->s.notes.count; i++)
		if (strstr(m->s.notes.items[i], what))
			return true;
	for (size_t i = 0; i < m->s.notes.count; i++)
		print_message("noted: %s\n", m->s.notes.items[i]);
	return false;
}

/* --- what is taken --- */

static void test_each_format(void **state)
{
	static const char *const endings[] = { ".tar.gz", ".tar.xz", ".zip" };

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		cleanup_free char *name = NULL;
		struct made m;

		begin(&m, endings[i]);
		put_text(&m, "repo-main/" PROBE, "probe");
		put_text(&m, "./" TOOL, "tool");
		put_text(&m, "01-kprobe-counter/kprobe-counter.h", "header");
		put_text(&m, "solutions/01-kprobe-counter/kprobe-counter.c", "not this");
		put_text(&m, "libbpf/02-kretprobe/kretprobe.c", "nor this");
		assert_int_equal(end(&m), 0);
		assert_string_equal(first(&m)->source[0].data, "header");
		assert_string_equal(first(&m)->source[1].data, "probe");
		assert_string_equal(first(&m)->source[2].data, "tool");
		assert_int_equal(m.s.notes.count, 0);
		assert_true(handed_in__any(first(&m)));
		assert_true(handed_in__edited(first(&m)));
		assert_false(handed_in__any(&m.s.item[1]));
		name = submission__name(m.path, 0, false);
		assert_null(strstr(name, endings[i]));
		made__free(&m);
	}
}

static void test_bare_sources(void **state)
{
	static const char *const exercises[] = { NULL, "02-kretprobe", "01-kprobe-counter" };

	for (size_t i = 0; i < ARRAY_SIZE(exercises); i++) {
		struct made m;

		begin(&m, ".zip");
		m.bare = exercises[i];
		put_text(&m, "kprobe-counter.bpf.c", "probe");
		put_text(&m, "src/kprobe-counter.c", "not at the top");
		put_text(&m, "notes.txt", "passed over");
		assert_int_equal(end(&m), 0);
		assert_int_equal(first(&m)->given[1], i == 2);
		assert_false(first(&m)->given[2]);
		made__free(&m);
	}
}

static void test_fills_in_the_starter(void **state)
{
	cleanup_free char *path = xprintf("%s/" HEADER, project_root());
	cleanup_buf struct buf header = { 0 };
	struct made m;

	assert_int_equal(file__read(path, &header), 0);
	begin(&m, ".tar.gz");
	put_text(&m, PROBE, "probe");
	assert_int_equal(end(&m), 0);
	assert_string_equal(first(&m)->source[0].data, header.data);
	assert_true(noted(&m, "kprobe-counter.h was not handed in"));
	made__free(&m);
}

static void test_tells_of_what_it_passes_over(void **state)
{
	struct made m;

	begin(&m, ".tar.gz");
	put_text(&m, PROBE, "first");
	put_text(&m, PROBE, "second");
	put_text(&m, UNIT "/Makefile", "all:");
	put_text(&m, UNIT "/README.md", "ours");
	put_text(&m, "exercises/99-nothing/nothing.bpf.c", "unknown");
	put(&m, HEADER, S_IFREG | S_ISUID | 0755, NULL, "h", 1);
	assert_int_equal(end(&m), 0);
	assert_string_equal(first(&m)->source[1].data, "second");
	assert_true(noted(&m, "twice"));
	assert_true(noted(&m, "Makefile is no source"));
	assert_true(noted(&m, "no exercise is called 99-nothing"));
	assert_true(noted(&m, "set-id"));
	made__free(&m);
}

/* Where people put them when nobody looks. */
static void test_other_folders(void **state)
{
	static const struct {
		const char *path, *note;
		bool taken, bare;
	} cases[] = {
		{ "anna/01-kprobe-counter/kprobe-counter.bpf.c", NULL, true, false },
		{ "Exercises/01-kprobe-counter/kprobe-counter.bpf.c", NULL, true, false },
		{ "x/solutions/01-kprobe-counter/kprobe-counter.bpf.c", NULL, false, true },
		{ "anna/kprobe-counter.bpf.c", "not in a folder 01-kprobe-counter/", false, false },
		{ "anna/kprobe-counter.bpf.c", "in anna/ are taken", true, true },
		{ "kprobe-counter.bpf.c", "not in a folder 01-kprobe-counter/", false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m;

		begin(&m, ".tar.gz");
		m.bare = cases[i].bare ? "01-kprobe-counter" : NULL;
		put_text(&m, cases[i].path, "probe");
		assert_int_equal(end(&m), 0);
		assert_int_equal(first(&m)->given[1], cases[i].taken);
		assert_true(!cases[i].note || noted(&m, cases[i].note));
		made__free(&m);
	}
}

/* Of two folders, none is the one. */
static void test_two_bare_folders(void **state)
{
	struct made m;

	begin(&m, ".tar.gz");
	m.bare = "01-kprobe-counter";
	put_text(&m, "a/kprobe-counter.bpf.c", "probe");
	put_text(&m, "b/kprobe-counter.c", "tool");
	assert_int_equal(end(&m), 0);
	assert_false(handed_in__any(first(&m)));
	assert_true(noted(&m, "a/ is no folder 01-kprobe-counter/"));
	assert_true(noted(&m, "b/kprobe-counter.c is not in a folder"));
	made__free(&m);
}

/* --- what is not --- */

static void test_paths_that_lead_outside(void **state)
{
	static const char *const paths[] = { "../" PROBE, "/" PROBE,
					     UNIT "/../01-kprobe-counter/kprobe-counter.c" };
	struct made m;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		begin(&m, ".tar.gz");
		put_text(&m, paths[i], "outside");
		assert_int_equal(end(&m), 0);
		assert_false(handed_in__any(first(&m)));
		assert_true(noted(&m, "leads outside"));
		made__free(&m);
	}
}

static void test_links_and_devices(void **state)
{
	static const struct {
		int mode;
		const char *target, *said;
	} cases[] = {
		{ S_IFLNK | 0777, "/etc/shadow", "symbolic link" },
		{ S_IFREG | 0644, "/etc/shadow", "hard link" },
		{ S_IFCHR | 0644, NULL, "no regular file" },
		{ S_IFIFO | 0644, NULL, "no regular file" },
		{ S_IFDIR | 0755, NULL, "no regular file" },
	};
	struct made m;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&m, ".tar.gz");
		put(&m, PROBE, cases[i].mode, cases[i].target, NULL, 0);
		assert_int_equal(end(&m), 0);
		assert_non_null(handed_in__refused(first(&m)));
		assert_non_null(strstr(handed_in__refused(first(&m)), cases[i].said));
		made__free(&m);
	}
}

/* Only the file that counts can be refused, whichever is read first. */
static void test_link_beside_a_copy(void **state)
{
	static const char link[] = "a/01-kprobe-counter/kprobe-counter.bpf.c";

	for (int first_is_link = 0; first_is_link < 2; first_is_link++) {
		struct made m;

		begin(&m, ".tar.gz");
		if (first_is_link)
			put(&m, link, S_IFLNK | 0777, "/etc/shadow", NULL, 0);
		put_text(&m, PROBE, "probe");
		if (!first_is_link)
			put(&m, link, S_IFLNK | 0777, "/etc/shadow", NULL, 0);
		assert_int_equal(end(&m), 0);
		assert_null(handed_in__refused(first(&m)));
		assert_true(first(&m)->given[1]);
		made__free(&m);
	}
}

static void test_links_in_a_folder(void **state)
{
	char dir[] = "/tmp/submission.XXXXXX";
	cleanup_free char *unit = NULL, *link = NULL;
	struct units units = { 0 };
	struct submission s;

	assert_non_null(mkdtemp(dir));
	unit = xprintf("%s/" UNIT, dir);
	link = xprintf("%s/kprobe-counter.c", unit);
	file__mkdirs(unit);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(units__load(&units, project_root()), 0);
	assert_int_equal(submission__read(&s, dir, &units, NULL), 0);
	assert_non_null(handed_in__refused(&s.item[0]));
	submission__free(&s);
	units__free(&units);
	file__remove_tree(dir);
}

/* --- folders --- */

/* A folder that ends with the test. */
struct folder {
	char dir[32];
	struct units units;
	struct submission s;
};

static void folder__begin(struct folder *f)
{
	*f = (struct folder){ .dir = "/tmp/submission.XXXXXX" };
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(units__load(&f->units, project_root()), 0);
}

static char *folder__put(const struct folder *f, const char *name, const char *text)
{
	char *path = xprintf("%s/%s", f->dir, name);
	cleanup_free char *dir = text__copy(path, strrchr(path, '/') - path);

	assert_int_equal(file__mkdirs(dir), 0);
	assert_int_equal(file__write(path, text, strlen(text)), 0);
	return path;
}

static void folder__end(struct folder *f)
{
	submission__free(&f->s);
	units__free(&f->units);
	file__remove_tree(f->dir);
}

static bool said(const struct folder *f, const char *what)
{
	return noted(&(const struct made){ .s = f->s }, what);
}

/* Which of two copies counts is not up to the order in which the folder lists them. */
static void test_copies_in_a_folder(void **state)
{
	static const char *const dirs[][3] = {
		{ "a/" PROBE, "b/" PROBE, "a/" PROBE },
		{ "b/" PROBE, "a/" PROBE, "a/" PROBE },
		{ PROBE, "a/01-kprobe-counter/kprobe-counter.bpf.c", PROBE },
		{ "a/01-kprobe-counter/kprobe-counter.bpf.c", PROBE, PROBE }
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		cleanup_free char *one = NULL, *two = NULL, *note = NULL;
		struct folder f;

		folder__begin(&f);
		one = folder__put(&f, dirs[i][0], dirs[i][0]);
		two = folder__put(&f, dirs[i][1], dirs[i][1]);
		assert_int_equal(submission__read(&f.s, f.dir, &f.units, NULL), 0);
		assert_string_equal(f.s.item[0].source[1].data, dirs[i][2]);
		note = xprintf("twice: %s counts", dirs[i][2]);
		assert_true(said(&f, note));
		folder__end(&f);
	}
}

/* The name is the link's, and no link within is followed for it. */
static void test_link_to_a_folder(void **state)
{
	cleanup_free char *probe = NULL, *tool = NULL, *link = NULL, *name = NULL;
	struct folder f;

	folder__begin(&f);
	probe = folder__put(&f, "real/" PROBE, "probe");
	tool = xprintf("%s/real/" TOOL, f.dir);
	link = xprintf("%s/anna", f.dir);
	assert_int_equal(symlink("/etc/passwd", tool), 0);
	assert_int_equal(symlink("real", link), 0);
	assert_int_equal(submission__read(&f.s, link, &f.units, NULL), 0);
	name = submission__name(link, 0, false);
	assert_string_equal(name, "anna");
	assert_true(f.s.item[0].given[1]);
	assert_non_null(strstr(handed_in__refused(&f.s.item[0]), "symbolic link"));
	folder__end(&f);
}

/* What cannot be read costs nothing else, and the note tells nothing of where the folder is. */
static void test_unreadable_folder(void **state)
{
	cleanup_free char *probe = NULL, *other = NULL, *dir = NULL;
	bool root = !geteuid();
	mode_t mask = umask(022);
	struct folder f;
	int err;

	folder__begin(&f);
	probe = folder__put(&f, PROBE, "probe");
	for (char c = 'a'; c < 'z'; c++) { /* before and behind it, in whatever order */
		cleanup_free char *name = xprintf("%c/notes", c);

		free(folder__put(&f, name, ""));
	}
	dir = xprintf("%s/m", f.dir);
	assert_int_equal(chmod(f.dir, 0755), 0);
	assert_int_equal(chmod(dir, 0), 0);
	assert_int_equal(root ? seteuid(65534) : 0, 0);
	err = submission__read(&f.s, f.dir, &f.units, NULL);
	assert_int_equal(root ? seteuid(0) : 0, 0);
	assert_int_equal(err, 0);
	assert_true(f.s.item[0].given[1]);
	assert_true(said(&f, "passed over: m: "));
	umask(mask);
	assert_int_equal(chmod(dir, 0755), 0);
	folder__end(&f);
}

static void test_odd_names_are_data(void **state)
{
	struct made m;

	begin(&m, ".tar.gz");
	put_text(&m, UNIT "/\033[31m\n$(reboot).c", "odd");
	assert_int_equal(end(&m), 0);
	assert_true(noted(&m, "\\x1b[31m\\x0a$(reboot).c"));
	made__free(&m);
}

static void test_bounds(void **state)
{
	cleanup_free char *zeros = xcalloc(1, 4 << 20);
	struct made m;

	memset(zeros, ' ', 4 << 20);
	begin(&m, ".tar.xz"); /* a source that is too large */
	put(&m, PROBE, S_IFREG | 0644, NULL, zeros, SUBMISSION_MAX_FILE + 1);
	assert_int_equal(end(&m), 0);
	assert_non_null(strstr(handed_in__refused(first(&m)), "too large"));
	made__free(&m);

	begin(&m, ".tar.xz"); /* a bomb before it */
	put(&m, "bomb", S_IFREG | 0644, NULL, zeros, 4 << 20);
	put_text(&m, PROBE, "probe");
	assert_int_equal(end(&m), 0);
	assert_false(handed_in__any(first(&m)));
	assert_true(noted(&m, "too much"));
	made__free(&m);

	begin(&m, ".tar.gz"); /* more files than anybody writes */
	for (int i = 0; i <= SUBMISSION_MAX_ENTRIES; i++)
		put_text(&m, "x/y/z", "");
	put_text(&m, PROBE, "probe");
	assert_int_equal(end(&m), 0);
	assert_false(handed_in__any(first(&m)));
	made__free(&m);

	begin(&m, ".zip"); /* NUL bytes end C strings early */
	put(&m, PROBE, S_IFREG | 0644, NULL, "a\0b", 3);
	assert_int_equal(end(&m), 0);
	assert_non_null(strstr(handed_in__refused(first(&m)), "NUL"));
	made__free(&m);
}

static void test_no_submission(void **state)
{
	cleanup_free char *fifo = xprintf("/tmp/submission.%d.tar.gz", getpid());
	cleanup_free char *name = submission__name("/bin/true", 0, false);
	cleanup_free char *root = submission__name("/", 0, false);
	struct units units = { 0 };
	struct submission s;

	assert_int_equal(units__load(&units, project_root()), 0);
	assert_true(submission__read(&s, "/nonexistent", &units, NULL) < 0);
	assert_int_equal(s.notes.count, 1);
	submission__free(&s);
	assert_true(submission__read(&s, "/bin/true", &units, NULL) < 0);
	assert_string_equal(name, "true");
	assert_string_equal(root, "/");
	submission__free(&s);
	alarm(20); /* who opens these waits for ever, or for the kernel's next message */
	assert_true(submission__read(&s, "/proc/kmsg", &units, NULL) < 0);
	submission__free(&s);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_true(submission__read(&s, fifo, &units, NULL) < 0);
	assert_non_null(strstr(s.notes.items[0], "not read"));
	submission__free(&s);
	alarm(0);
	unlink(fifo);
	units__free(&units);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_format),
		cmocka_unit_test(test_bare_sources),
		cmocka_unit_test(test_fills_in_the_starter),
		cmocka_unit_test(test_tells_of_what_it_passes_over),
		cmocka_unit_test(test_other_folders),
		cmocka_unit_test(test_two_bare_folders),
		cmocka_unit_test(test_paths_that_lead_outside),
		cmocka_unit_test(test_links_and_devices),
		cmocka_unit_test(test_link_beside_a_copy),
		cmocka_unit_test(test_links_in_a_folder),
		cmocka_unit_test(test_copies_in_a_folder),
		cmocka_unit_test(test_link_to_a_folder),
		cmocka_unit_test(test_unreadable_folder),
		cmocka_unit_test(test_odd_names_are_data),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_no_submission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
