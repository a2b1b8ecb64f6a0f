// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Archives of any bytes: what is taken are sources within their bounds, what is told is plain text. */
#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include "fuzz.h"
#include "proc.h"
#include "submission.h"

static struct unit unit = { .name = "01-a", .topic = "a", .exercise = "/nowhere" };
static const struct units units = { &unit, 1 };

/* A tar's headers have sums that no mutation gets right. */
static void mend_sums(char *tar, size_t len)
{
	for (size_t at = 0; at + 512 <= len && memcmp(tar, "PK", 2);) {
		char *header = tar + at, size[13] = "";
		unsigned sum = 0;

		memset(header + 148, ' ', 8);
		for (int i = 0; i < 512; i++)
			sum += (unsigned char)header[i];
		snprintf(header + 148, 8, "%06o", sum);
		memcpy(size, header + 124, 12);
		at += 512 + (strtoul(size, NULL, 8) + 511) / 512 * 512;
	}
}

static void check(const struct submission *s)
{
	const struct handed_in *h = &s->item[0];

	CHECK(s->notes.count <= SUBMISSION_MAX_NOTES + 1 + 1 + 1 + NR_SOURCES);
	for (size_t i = 0; i < s->notes.count; i++)
		check_plain(s->notes.items[i]);
	if (handed_in__refused(h))
		check_plain(handed_in__refused(h));
	for (int k = 0; k < NR_SOURCES; k++) {
		CHECK(h->source[k].len <= SUBMISSION_MAX_FILE);
		CHECK(!h->given[k] || strlen(h->source[k].data) == h->source[k].len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_buf struct buf archive = { 0 };
	cleanup_free char *path = NULL, *name = NULL;
	cleanup_fd int fd = -1;
	struct submission s;

	buf__add(&archive, data, len);
	mend_sums(archive.data, len);
	fd = proc__memory_file(archive.data, len);
	path = xprintf("/proc/self/fd/%d", fd);
	if (submission__read(&s, path, &units, len % 2 ? units.items[0].name : NULL))
		CHECK(s.notes.count);
	check(&s);
	name = submission__name(path, 0, false);
	check_plain(name);
	submission__free(&s);
	return 0;
}

static void add_entry(struct archive *a, const char *name, int type, const char *target)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, type | 0644);
	archive_entry_set_size(e, type == AE_IFREG ? 2 : 0);
	if (target)
		archive_entry_set_symlink(e, target);
	archive_write_header(a, e);
	if (type == AE_IFREG)
		archive_write_data(a, "/\n", 2);
	archive_entry_free(e);
}

static struct text make_archive(int format, int filter, char *into, size_t size)
{
	struct archive *a = archive_write_new();
	size_t used = 0;

	archive_write_set_format(a, format);
	archive_write_add_filter(a, filter);
	archive_write_set_bytes_in_last_block(a, 1);
	archive_write_open_memory(a, into, size, &used);
	add_entry(a, "exercises/01-a/a.c", AE_IFREG, NULL);
	add_entry(a, "exercises/01-a/a.h", AE_IFLNK, "a.c");
	add_entry(a, "../exercises/01-a/\xc3\xa4", AE_IFREG, NULL);
	archive_write_free(a);
	return (struct text){ into, used };
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char bytes[5][16384];
	const struct text seeds[] = {
		make_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, bytes[0], 16384),
		make_archive(ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FILTER_NONE, bytes[1],
			     16384),
		make_archive(ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_GZIP, bytes[2], 16384),
		make_archive(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ, bytes[3], 16384),
		make_archive(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, bytes[4], 16384),
	};

	return plant(*argc, *argv, seeds, ARRAY_SIZE(seeds));
}
