// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "exercise.h"
#include "image.h"

char *git_blob_id(const void *data, size_t len)
{
	cleanup_buf struct buf b = { 0 }, hex = { 0 };
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	buf__printf(&b, "blob %zu", len);
	buf__add(&b, "", 1);
	buf__add(&b, data, len);
	if (!EVP_Digest(b.data, b.len, digest, &n, EVP_sha1(), NULL))
		abort();
	for (unsigned int i = 0; i < n; i++)
		buf__printf(&hex, "%02x", digest[i]);
	return xstrdup(hex.data);
}

char *exercise__ids(const struct unit *unit)
{
	cleanup_buf struct buf ids = { 0 };

	for (const char *const *ending = unit_sources; *ending; ending++) {
		cleanup_free char *path = unit__source(unit, unit->exercise, *ending), *id = NULL;
		cleanup_buf struct buf text = { 0 };
		int err = file__read(path, &text);

		if (err) {
			errno = -err;
			err_sys("%s", path);
			return NULL;
		}
		id = git_blob_id(text.data, text.len);
		buf__printf(&ids, "%s %s%s\n", id, unit->topic, *ending);
	}
	return steal_ptr(ids.data);
}

/* Without the list nobody knows, and what may be a learner's work must not be left out. */
static bool differs_from_starter(const struct unit *unit, const char *ids)
{
	cleanup_free char *path = xprintf("%s/starter.ids", unit->exercise);
	cleanup_buf struct buf shipped = { 0 };

	return file__read(path, &shipped) || strcmp(shipped.data, ids);
}

int exercise__load(struct exercise *e, const struct unit *unit)
{
	cleanup_free char *ids = exercise__ids(unit), *hash = NULL;
	cleanup_strings struct strings all = { 0 };
	int err;

	*e = (struct exercise){ .unit = unit };
	if (!ids)
		return -ENOENT;
	hash = hash_hex(ids, strlen(ids));
	e->text = text__copy(hash, 16);
	e->edited = differs_from_starter(unit, ids);
	err = progress__load(unit->name, &e->progress);
	if (err)
		return err;
	if (!e->progress.text || strcmp(e->progress.text, e->text))
		strings__free(&e->progress.passed);
	kernels__choose(&all, "all");
	e->state = e->progress.passed.count >= all.count		  ? EXERCISE_PASSED
		   : e->edited || e->progress.hints || e->progress.failed ? EXERCISE_STARTED
									  : EXERCISE_UNTOUCHED;
	return 0;
}

void exercise__free(struct exercise *e)
{
	free(e->text);
	progress__free(&e->progress);
	*e = (struct exercise){ 0 };
}

const struct unit *exercise__next(const struct units *units, int *err)
{
	*err = 0;
	for (size_t i = 0; i < units->count; i++) {
		cleanup_exercise struct exercise e = { 0 };

		*err = exercise__load(&e, &units->items[i]);
		if (*err || e.state != EXERCISE_PASSED)
			return *err ? NULL : &units->items[i];
	}
	return NULL;
}
