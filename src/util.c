// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include "util.h"

enum { NARROWEST = 40, WIDEST = 1000 }; /* columns of a terminal */

bool say_quiet, say_waits;

/* In one piece. For a terminal, the first line is wrapped: what stands below it is quoted, or to be copied. */
static void print_message(const char *prefix, const char *fmt, va_list ap, const char *reason)
{
	unsigned width = isatty(STDERR_FILENO) ? terminal_width(0) : 0;
	cleanup_buf struct buf text = { 0 }, shown = { 0 };
	cleanup_free char *message = NULL;
	size_t first;

	if (vasprintf(&message, fmt, ap) < 0)
		abort();
	buf__printf(&text, "%s%s%s%s\n", prefix, message, reason ? ": " : "", reason ? reason : "");
	first = width ? strcspn(text.data, "\n") : 0;
	if (first)
		buf__wrap(&shown, text.data, first, width, 2);
	buf__printf(&shown, "%s", text.data + first + !!first);
	fputs(shown.data, stderr);
}

int err_msg(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_message("workbook: ", fmt, ap, NULL);
	va_end(ap);
	return -EINVAL;
}

int err_sys(const char *fmt, ...)
{
	int err = errno ? errno : EIO;
	va_list ap;

	va_start(ap, fmt);
	print_message("workbook: ", fmt, ap, strerror(err));
	va_end(ap);
	return -err;
}

void say(const char *fmt, ...)
{
	va_list ap;

	if (say_quiet)
		return;
	va_start(ap, fmt);
	print_message("", fmt, ap, NULL);
	va_end(ap);
}

bool is_screen(FILE *f)
{
	const char *term = getenv("TERM");

	return isatty(fileno(f)) && term && strcmp(term, "dumb");
}

const char *colour(FILE *f, enum colour c)
{
	static const char *const codes[] = {
		[C_OFF] = "\033[0m",  [C_BOLD] = "\033[1m",   [C_DIM] = "\033[2m",
		[C_RED] = "\033[31m", [C_GREEN] = "\033[32m", [C_YELLOW] = "\033[33m",
	};
	const char *no_color = getenv("NO_COLOR");

	return (no_color && *no_color) || !is_screen(f) ? "" : codes[c];
}

unsigned terminal_width(unsigned otherwise)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t n = 0;

	if (columns && !parse_u64(columns, &n) && n >= NARROWEST && n <= WIDEST)
		return n;
	if (!ioctl(1, TIOCGWINSZ, &size) || !ioctl(2, TIOCGWINSZ, &size))
		n = size.ws_col;
	return n >= NARROWEST ? n : otherwise;
}

unsigned row_width(void)
{
	return isatty(STDOUT_FILENO) ? terminal_width(WIDEST) : WIDEST;
}

void *xrealloc(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		abort();
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		abort();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

char *xstrdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		abort();
	return copy;
}

char *xprintf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

void buf__add(struct buf *b, const void *data, size_t len)
{
	if (len >= b->cap - b->len) {
		b->cap = (b->len + len + 1) * 2;
		b->data = xrealloc(b->data, b->cap, 1);
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf__printf(struct buf *b, const char *fmt, ...)
{
	cleanup_free char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	buf__add(b, s, n);
}

/* Bytes of at most `max` characters of `s`, up to a blank when there is one near the end. */
static size_t fitting(const char *s, size_t len, size_t max)
{
	size_t blank = 0;

	for (size_t i = 0, n = 0; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80 && n++ == max)
			return blank > max / 2 ? blank : i;
		if (s[i] == ' ')
			blank = i + 1;
	}
	return len;
}

void buf__wrap(struct buf *b, const char *line, size_t len, size_t width, size_t hang)
{
	size_t indent = 0, room = width, n;

	while (indent < len && strchr(" !+-", line[indent]))
		indent++;
	indent = indent + hang < width / 2 ? indent + hang : width / 2;
	do {
		size_t shown = n = fitting(line, len, room);

		while (shown && line[shown - 1] == ' ')
			shown--;
		buf__printf(b, "%*s%.*s\n", (int)(width - room), "", (int)shown, line);
		line += n;
		len -= n;
		room = width - indent;
	} while (len);
}

void buf__free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

int file__read(const char *path, struct buf *b)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[65536];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf__add(b, chunk, n);
	}
	buf__add(b, "", 0);
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= n;
	}
	return fsync(fd) ? -errno : 0;
}

int file__write(const char *path, const void *data, size_t len)
{
	cleanup_free char *tmp = xprintf("%s.XXXXXX", path);
	cleanup_fd int fd = mkostemp(tmp, O_CLOEXEC);
	int err;

	if (fd < 0)
		return err_sys("%s", path);
	err = write_all(fd, data, len);
	if (!err && (fchmod(fd, 0644) || rename(tmp, path)))
		err = -errno;
	if (err) {
		unlink(tmp);
		errno = -err;
		return err_sys("%s", path);
	}
	return 0;
}

int file__mkdirs(const char *path)
{
	cleanup_free char *copy = xstrdup(path);

	for (char *p = copy + 1;; p++) {
		char end = *p;

		if (end && end != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			return err_sys("%s", copy);
		if (!end)
			return 0;
		*p = end;
	}
}

static int remove_one(const char *path, const struct stat *st __maybe_unused,
		      int type __maybe_unused, struct FTW *ftw __maybe_unused)
{
	remove(path);
	return 0;
}

void file__remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *project_root(void)
{
	static char root[4096];
	ssize_t n;

	if (*root)
		return root;
	n = readlink("/proc/self/exe", root, sizeof(root) - 1);
	if (n <= 0)
		abort();
	root[n] = '\0';
	/* Programs of the tests lie deeper than the command. */
	for (char *slash; (slash = strrchr(root, '/')) && slash != root;) {
		cleanup_free char *chapters = NULL;

		*slash = '\0';
		chapters = xprintf("%s/chapters", root);
		if (!access(chapters, F_OK))
			return root;
	}
	strcpy(root, ".");
	return root;
}

const char *units_root(void)
{
	const char *other = getenv("WORKBOOK_EXERCISES");

	return other && *other ? other : project_root();
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

int parse_u64(const char *s, uint64_t *out)
{
	char *end;

	/* strtoull() takes blanks and signs: "-1" would be a huge number. */
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	*out = strtoull(s, &end, 0);
	if (*end)
		return -EINVAL;
	return errno ? -errno : 0;
}
