// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "gradelog.h"
#include "interrupt.h"
#include "text.h"

static int append(const struct gradelog *log, const json_t *line)
{
	cleanup_free char *text = json_dumps(line, JSON_COMPACT);
	cleanup_free char *whole = xprintf("%s\n", text ? text : "{}");
	size_t len = strlen(whole);

	if (write(log->fd, whole, len) != (ssize_t)len || fdatasync(log->fd))
		return err_sys("%s", log->path);
	return 0;
}

/* Takes the whole lines; returns where they end. */
static size_t read_lines(struct gradelog *log, const struct buf *text)
{
	size_t end = 0;

	for (size_t at = 0; at < text->len; at = end) {
		const char *newline = memchr(text->data + at, '\n', text->len - at);
		json_t *line;

		if (!newline)
			break;
		line = json_loadb(text->data + at, newline - text->data - at, 0, NULL);
		if (!line)
			break;
		end = newline + 1 - text->data;
		if (!log->head)
			log->head = json_incref(line);
		else
			json_object_set(log->done,
					json_string_value(json_object_get(line, "key")) ?: "",
					json_object_get(line, "result"));
		json_decref(line);
	}
	return end;
}

#define TELL_MS 2000

static bool lock(const struct gradelog *log, int64_t wait_ms)
{
	int64_t start = now_ms();
	bool told = false;

	while (flock(log->fd, LOCK_EX | LOCK_NB)) {
		if (interrupt__signal() || now_ms() - start > wait_ms)
			return false;
		if (!told && now_ms() - start > TELL_MS) {
			say("%s: another command writes it; waiting for its end", log->path);
			told = true;
		}
		usleep(50000);
	}
	return true;
}

int gradelog__open(struct gradelog *log, const char *path, bool resume, int64_t wait_ms,
		   json_t *head)
{
	cleanup_buf struct buf text = { 0 };

	*log = (struct gradelog){ .path = xstrdup(path), .fd = -1, .done = json_object() };
	log->fd = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log->fd < 0)
		return err_sys("%s", log->path);
	if (!lock(log, wait_ms)) {
		err_msg("the same submissions are being graded by another command; wait for its "
			"end");
		return -EBUSY;
	}
	if (resume && !file__read(log->path, &text) && ftruncate(log->fd, read_lines(log, &text)))
		return err_sys("%s", log->path);
	if (log->head)
		return 0;
	if (ftruncate(log->fd, 0))
		return err_sys("%s", log->path);
	log->head = json_incref(head);
	return append(log, head);
}

int gradelog__add(const struct gradelog *log, const char *key, json_t *result)
{
	json_t *line = json_pack("{s:s, s:O}", "key", key, "result", result);
	int err = append(log, line);

	json_decref(line);
	return err;
}

json_t *gradelog__find(const struct gradelog *log, const char *key)
{
	return json_object_get(log->done, key);
}

void gradelog__remove(struct gradelog *log)
{
	unlink(log->path);
}

void gradelog__free(struct gradelog *log)
{
	close_fd(&log->fd);
	json_decref(log->head);
	json_decref(log->done);
	free(log->path);
	*log = (struct gradelog){ .fd = -1 };
}
