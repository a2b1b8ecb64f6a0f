// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "progress.h"

void progress__free(struct progress *p)
{
	free(p->exercise);
	strings__free(&p->passed);
	free(p->text);
	free(p->failed);
	free(p->cause);
	free(p->starter);
	*p = (struct progress){ 0 };
}

/* --- the text --- */

/* Values are words: blanks in a sentence are written as "_". */
static char *decode(const char *value, size_t len)
{
	char *s = text__copy(value, len);

	for (char *p = s; *p; p++)
		if (*p == '_')
			*p = ' ';
	return s;
}

static void encode(struct buf *out, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	buf__printf(out, " %s=", key);
	for (const char *p = value; *p; p++)
		buf__add(out, *p == ' ' || *p == '\n' ? "_" : p, 1);
}

static void take(struct progress *p, const char *word, size_t len)
{
	const struct {
		const char *key;
		char **value;
	} texts[] = {
		{ "text=", &p->text },
		{ "failed=", &p->failed },
		{ "cause=", &p->cause },
		{ "starter=", &p->starter },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t n = strlen(texts[i].key);

		if (len > n && !strncmp(word, texts[i].key, n) && !*texts[i].value)
			*texts[i].value = decode(word + n, len - n);
	}
	if (len > 6 && !strncmp(word, "hints=", 6))
		p->hints = strtoul(word + 6, NULL, 10);
	if (len > 7 && !strncmp(word, "passed=", 7)) {
		cleanup_free char *list = text__copy(word + 7, len - 7);

		for (char *comma = list; (comma = strchr(comma, ','));)
			*comma = ' ';
		strings__split(&p->passed, list);
	}
}

/* Whether the line is about `exercise`: its first word is. */
static bool about(const struct lines *l, const char *exercise)
{
	size_t n = strlen(exercise);

	return l->len >= n && !memcmp(l->line, exercise, n) && (l->len == n || l->line[n] == ' ');
}

void progress__parse(const char *text, const char *exercise, struct progress *p)
{
	struct lines l = lines_of(text, strlen(text));

	*p = (struct progress){ .exercise = xstrdup(exercise) };
	while (lines__next(&l)) {
		const char *end = l.line + l.len, *word = l.line;

		if (!about(&l, exercise))
			continue;
		while (word < end) {
			size_t n = 0;

			while (word + n < end && word[n] != ' ')
				n++;
			take(p, word, n);
			word += n + 1;
		}
	}
}

static void add_line(struct buf *out, const struct progress *p)
{
	buf__printf(out, "%s", p->exercise);
	for (size_t i = 0; i < p->passed.count; i++)
		buf__printf(out, "%s%s", i ? "," : " passed=", p->passed.items[i]);
	if (p->hints)
		buf__printf(out, " hints=%u", p->hints);
	encode(out, "failed", p->failed);
	encode(out, "cause", p->cause);
	encode(out, "text", p->text);
	encode(out, "starter", p->starter);
	buf__add(out, "\n", 1);
}

void progress__replace(const char *text, const struct progress *p, struct buf *out)
{
	struct lines l = lines_of(text, strlen(text));
	bool done = false;

	while (lines__next(&l)) {
		cleanup_free char *line = text__copy(l.line, l.len);

		if (about(&l, p->exercise)) {
			if (!done)
				add_line(out, p);
			done = true;
			continue;
		}
		if (!done && strcmp(line, p->exercise) > 0) {
			add_line(out, p);
			done = true;
		}
		buf__printf(out, "%s\n", line);
	}
	if (!done)
		add_line(out, p);
}

/* --- the file --- */

static char *progress_path(void)
{
	return xprintf("%s/.progress", project_root());
}

static int read_text(const char *path, struct buf *text)
{
	int err = file__read(path, text);

	buf__add(text, "", 0);
	if (!err || err == -ENOENT)
		return 0;
	errno = -err;
	return err_sys("%s", path);
}

int progress__load(const char *exercise, struct progress *p)
{
	cleanup_free char *path = progress_path();
	cleanup_buf struct buf text = { 0 };
	int err = read_text(path, &text);

	progress__parse(text.data, exercise, p);
	return err;
}

int progress__update(const char *exercise, void (*change)(struct progress *p, void *ctx), void *ctx)
{
	cleanup_fd int lock = open(project_root(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_buf struct buf text = { 0 }, changed = { 0 };
	cleanup_free char *path = progress_path();
	cleanup_progress struct progress p = { 0 };
	int err;

	if (lock < 0 || flock(lock, LOCK_EX))
		return err_sys("%s: lock", project_root());
	err = read_text(path, &text);
	if (err)
		return err;
	progress__parse(text.data, exercise, &p);
	change(&p, ctx);
	progress__replace(text.data, &p, &changed);
	return file__write(path, changed.data, changed.len);
}
