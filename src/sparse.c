// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <zstd.h>

#include "interrupt.h"
#include "sparse.h"

enum { CHUNK = 1 << 20, LEVEL = 1 }; /* higher levels take longer than they save */

struct chunk_head {
	uint64_t offset; /* in the file; the last head has its size here, and lengths of 0 */
	uint32_t len, packed;
};

static int open_new(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

/* Calls fn for each stretch of data in `in`, whose size is `size`. */
static int each_stretch(int in, off_t size, int (*fn)(void *ctx, off_t start, off_t end), void *ctx)
{
	off_t start = 0, end;
	int err = 0;

	while (!err && start < size && (start = lseek(in, start, SEEK_DATA)) >= 0) {
		end = lseek(in, start, SEEK_HOLE);
		if (end < 0)
			return -errno;
		err = interrupt__signal() ? -EINTR : fn(ctx, start, end);
		start = end;
	}
	return err;
}

/* --- copy --- */

static int copy_stretch(void *ctx, off_t start, off_t end)
{
	const int *fds = ctx;
	off_t target = start;

	while (start < end) {
		ssize_t n = copy_file_range(fds[0], &start, fds[1], &target, end - start, 0);

		if (n <= 0)
			return n ? -errno : -EIO;
	}
	return 0;
}

int sparse__copy(const char *from, const char *to)
{
	cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC), out = open_new(to);
	off_t size = in < 0 ? -1 : lseek(in, 0, SEEK_END);
	int err;

	if (size < 0 || out < 0 || ftruncate(out, size))
		return err_sys("%s", size < 0 ? from : to);
	err = each_stretch(in, size, copy_stretch, (int[]){ in, out });
	errno = -err;
	return err && err != -EINTR ? err_sys("%s", to) : err;
}

/* --- pack --- */

struct packer {
	int in;
	FILE *out;
	char raw[CHUNK], packed[ZSTD_COMPRESSBOUND(CHUNK)];
};

static int put_chunk(struct packer *p, off_t offset, size_t len)
{
	size_t n = ZSTD_compress(p->packed, sizeof(p->packed), p->raw, len, LEVEL);
	const struct chunk_head head = { offset, len, n };

	if (ZSTD_isError(n))
		return -ENOMEM;
	return fwrite(&head, sizeof(head), 1, p->out) == 1 && fwrite(p->packed, n, 1, p->out) == 1
		       ? 0
		       : -errno;
}

static int pack_stretch(void *ctx, off_t start, off_t end)
{
	struct packer *p = ctx;
	int err = 0;

	while (start < end && !err) {
		size_t want = end - start < CHUNK ? end - start : CHUNK;
		ssize_t n = pread(p->in, p->raw, want, start);

		if (n <= 0)
			return n ? -errno : -EIO;
		err = put_chunk(p, start, n);
		start += n;
	}
	return err;
}

int sparse__pack(const char *from, const char *to)
{
	cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC), fd = open_new(to);
	off_t size = in < 0 ? -1 : lseek(in, 0, SEEK_END);
	const struct chunk_head last = { .offset = size };
	cleanup_free struct packer *p = xcalloc(1, sizeof(*p));
	cleanup_file FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int err;

	if (size < 0 || !out)
		return err_sys("%s", size < 0 ? from : to);
	steal_fd(&fd);
	p->in = in;
	p->out = out;
	err = each_stretch(in, size, pack_stretch, p);
	if (!err && (fwrite(&last, sizeof(last), 1, out) != 1 || fflush(out)))
		err = -errno;
	errno = -err;
	return err && err != -EINTR ? err_sys("%s", to) : err;
}

/* --- unpack --- */

/* Writes the chunk that follows `head`. */
static int take_chunk(FILE *in, int out, const struct chunk_head *head, char *packed, char *raw)
{
	size_t n;

	if (head->len > CHUNK || head->packed > ZSTD_COMPRESSBOUND(CHUNK) ||
	    fread(packed, head->packed, 1, in) != 1)
		return -EBADMSG;
	n = ZSTD_decompress(raw, CHUNK, packed, head->packed);
	if (ZSTD_isError(n) || n != head->len)
		return -EBADMSG;
	for (size_t done = 0; done < n;) {
		ssize_t wrote = pwrite(out, raw + done, n - done, head->offset + done);

		if (wrote < 0)
			return -errno;
		done += wrote;
	}
	return interrupt__signal() ? -EINTR : 0;
}

int sparse__unpack(const char *from, const char *to)
{
	cleanup_free char *packed = xcalloc(ZSTD_COMPRESSBOUND(CHUNK), 1), *raw = xcalloc(CHUNK, 1);
	cleanup_file FILE *in = fopen(from, "re");
	cleanup_fd int out = open_new(to);
	struct chunk_head head = { 0 };
	int err = 0;

	if (!in || out < 0)
		return err_sys("%s", in ? to : from);
	do {
		if (fread(&head, sizeof(head), 1, in) != 1)
			err = -EBADMSG;
		else if (head.len)
			err = take_chunk(in, out, &head, packed, raw);
	} while (!err && head.len);
	if (!err && ftruncate(out, head.offset))
		err = -errno;
	errno = -err;
	return err && err != -EINTR ? err_sys("%s", from) : err;
}
