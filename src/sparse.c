// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <zstd.h>

#include "interrupt.h"
#include "sparse.h"

enum { CHUNK = 1 << 20, PAGE = 4096, PAGES = CHUNK / PAGE };
enum { LEVEL = 1 }; /* higher levels take longer than they save */

struct chunk_head {
	uint64_t offset; /* in the file; the last head has its size here, and no pages */
	uint64_t differs[PAGES / 64]; /* a bit a page */
	uint32_t pages, packed;	      /* how many pages, and bytes that follow */
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
	int in, base;
	FILE *out;
	char here[CHUNK], there[CHUNK], raw[CHUNK], packed[ZSTD_COMPRESSBOUND(CHUNK)];
};

static int read_chunk(int fd, char *chunk, off_t offset)
{
	for (ssize_t n, done = 0; done < CHUNK; done += n) {
		n = pread(fd, chunk + done, CHUNK - done, offset + done);
		if (n <= 0)
			return n ? -errno : -EIO;
	}
	return 0;
}

static int pack_chunk(struct packer *p, off_t offset)
{
	struct chunk_head head = { .offset = offset };
	int err = read_chunk(p->in, p->here, offset);
	size_t n;

	if (!err)
		err = read_chunk(p->base, p->there, offset);
	for (size_t i = 0; i < PAGES && !err; i++) {
		if (!memcmp(p->here + i * PAGE, p->there + i * PAGE, PAGE))
			continue;
		memcpy(p->raw + head.pages++ * PAGE, p->here + i * PAGE, PAGE);
		head.differs[i / 64] |= 1ULL << i % 64;
	}
	if (err || !head.pages)
		return err;
	n = ZSTD_compress(p->packed, sizeof(p->packed), p->raw, head.pages * PAGE, LEVEL);
	if (ZSTD_isError(n))
		return -ENOMEM;
	head.packed = n;
	return fwrite(&head, sizeof(head), 1, p->out) == 1 && fwrite(p->packed, n, 1, p->out) == 1
		       ? 0
		       : -errno;
}

int sparse__pack(const char *from, const char *base, const char *to)
{
	cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC), fd = open_new(to);
	cleanup_fd int other = open(base, O_RDONLY | O_CLOEXEC);
	off_t size = in < 0 || other < 0 ? -1 : lseek(in, 0, SEEK_END);
	const struct chunk_head last = { .offset = size };
	cleanup_free struct packer *p = xcalloc(1, sizeof(*p));
	cleanup_file FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int err = 0;

	if (size < 0 || !out)
		return err_sys("%s", in < 0 ? from : other < 0 ? base : to);
	steal_fd(&fd);
	if (size % CHUNK || lseek(other, 0, SEEK_END) != size)
		return err_msg("%s and %s: not two memories of one size", from, base);
	p->in = in;
	p->base = other;
	p->out = out;
	for (off_t at = 0; at < size && !err; at += CHUNK)
		err = interrupt__signal() ? -EINTR : pack_chunk(p, at);
	if (!err && (fwrite(&last, sizeof(last), 1, out) != 1 || fflush(out)))
		err = -errno;
	errno = -err;
	return err && err != -EINTR ? err_sys("%s", to) : err;
}

/* --- unpack --- */

/* Writes the pages of the chunk that follows `head`. */
static int take_chunk(FILE *in, int out, const struct chunk_head *head, char *packed, char *raw)
{
	size_t n, done = 0;

	if (head->packed > ZSTD_COMPRESSBOUND(CHUNK) || fread(packed, head->packed, 1, in) != 1)
		return -EBADMSG;
	n = ZSTD_decompress(raw, CHUNK, packed, head->packed);
	if (ZSTD_isError(n) || n != (uint64_t)head->pages * PAGE)
		return -EBADMSG;
	for (size_t i = 0; i < PAGES; i++) {
		if (!(head->differs[i / 64] >> i % 64 & 1))
			continue;
		if (done == n)
			return -EBADMSG;
		if (pwrite(out, raw + done, PAGE, head->offset + i * PAGE) != PAGE)
			return errno ? -errno : -ENOSPC;
		done += PAGE;
	}
	return done == n ? 0 : -EBADMSG;
}

int sparse__unpack(const char *from, const char *base, const char *to)
{
	cleanup_free char *packed = xcalloc(ZSTD_COMPRESSBOUND(CHUNK), 1), *raw = xcalloc(CHUNK, 1);
	cleanup_file FILE *in = fopen(from, "re");
	struct chunk_head head = { 0 };
	cleanup_fd int out = -1;
	off_t size;
	int err;

	if (!in)
		return err_sys("%s", from);
	err = sparse__copy(base, to);
	if (err)
		return err;
	out = open(to, O_WRONLY | O_CLOEXEC);
	size = lseek(out, 0, SEEK_END);
	if (size < 0)
		return err_sys("%s", to);
	do {
		if (fread(&head, sizeof(head), 1, in) != 1 || head.offset % CHUNK ||
		    (head.pages ? head.offset >= (uint64_t)size : head.offset != (uint64_t)size))
			err = -EBADMSG;
		else if (head.pages)
			err = interrupt__signal() ? -EINTR
						  : take_chunk(in, out, &head, packed, raw);
	} while (!err && head.pages);
	errno = -err;
	return err && err != -EINTR ? err_sys("%s", from) : err;
}
