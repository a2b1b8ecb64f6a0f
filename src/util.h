/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef UTIL_H
#define UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define __printf(f, a) __attribute__((format(printf, f, a)))
#define __maybe_unused __attribute__((unused))

/* --- ownership ---
 * A variable declared with one of these is released at the end of its scope; start it at NULL or
 * -1, and hand it out of the scope with steal_ptr() or steal_fd().
 */
static inline void free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define cleanup_free __attribute__((cleanup(free_ptr)))
#define cleanup_fd   __attribute__((cleanup(close_fd)))
#define cleanup_file __attribute__((cleanup(close_file)))
#define cleanup_buf  __attribute__((cleanup(buf__free)))

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

static inline void *steal_any(void *p)
{
	void *stolen = *(void **)p;

	*(void **)p = NULL;
	return stolen;
}
#define steal_ptr(p) ((__typeof__(p))steal_any(&(p)))

/* --- messages ---
 * Errors are printed once, where the cause is known: "subject: what failed: reason; mend".
 */

/* Prints "workbook: MESSAGE" on stderr; returns -EINVAL, for `return err_msg(...)`. */
int err_msg(const char *fmt, ...) __printf(1, 2);
/* As err_msg() with ": strerror(errno)" behind the message; returns -errno (never 0). */
int err_sys(const char *fmt, ...) __printf(1, 2);
/* Prints a line on stderr saying what is happening; silent once say_quiet is set. */
void say(const char *fmt, ...) __printf(1, 2);
extern bool say_quiet;
/* Whether waits for a guest are said that are longer than a person expects: not where many run at a time. */
extern bool say_waits;

/* Of the terminal: what COLUMNS says, or the one behind stdout or, as a pool's jobs have none, stderr. `otherwise`
 * when there is none.
 */
unsigned terminal_width(unsigned otherwise);
/* Of a table's row on stdout: the terminal's, as wide as it likes in a pipe. */
unsigned row_width(void);

/* A terminal that obeys escape sequences. */
bool is_screen(FILE *f);

/* Escape sequences when `f` is such a terminal and NO_COLOR is unset, "" otherwise. */
enum colour { C_OFF, C_BOLD, C_DIM, C_RED, C_GREEN, C_YELLOW };
const char *colour(FILE *f, enum colour c);

/* --- growing buffer: always NUL-terminated behind `len` once anything was added --- */
struct buf {
	char *data;
	size_t len, cap;
};

void buf__add(struct buf *b, const void *data, size_t len);
void buf__printf(struct buf *b, const char *fmt, ...) __printf(2, 3);
/* Appends a line in ones of at most `width` characters. What continues it stands `hang` further in than its first
 * word.
 */
void buf__wrap(struct buf *b, const char *line, size_t len, size_t width, size_t hang);
void buf__free(struct buf *b);

/* Allocated string, never NULL (memory exhaustion aborts, as in every x* function). */
char *xprintf(const char *fmt, ...) __printf(1, 2);
char *xstrdup(const char *s);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);

/* --- files --- */

/* Appends the whole of `path` to `b`. Returns 0 or -errno; prints nothing. */
int file__read(const char *path, struct buf *b);
/* Writes `path` anew so that a reader sees the old or the new text, never a part (a temporary file
 * beside it, fsync, rename). Returns 0 or -errno after printing the error. */
int file__write(const char *path, const void *data, size_t len);
/* mkdir -p. Returns 0 or -errno after printing the error. */
int file__mkdirs(const char *path);
/* rm -r, quiet about what is already gone. Never follows links. */
void file__remove_tree(const char *path);

/* The project's root: the nearest folder above the running program that holds chapters/, "." when there
 * is none. Never NULL.
 */
const char *project_root(void);
/* Where units come from: WORKBOOK_EXERCISES, a folder laid out like the project, or the project itself. */
const char *units_root(void);

/* --- time --- */

/* CLOCK_MONOTONIC, in milliseconds. */
int64_t now_ms(void);

/* --- numbers: a whole string, in range, or -EINVAL/-ERANGE; prints nothing --- */
int parse_u64(const char *s, uint64_t *out);

#endif
