// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "grade.h"
#include "shard.h"
#include "submission.h"

/* --- taking apart --- */

struct entry {
	char *name, *path;
	char *next; /* a longer name, while it is looked for */
};

enum { MAX_PARENTS = 32 };

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->path, y->path);
}

static bool is_unlike(const struct entry *entries, size_t count, size_t i)
{
	for (size_t k = 0; k < count; k++)
		if (k != i && !strcmp(entries[k].next, entries[i].next))
			return false;
	return true;
}

/* Where all are called submission.tar.gz, their folders tell who handed them in: as many in front as it takes, and the
 * ending where that alone differs. What was given twice keeps its name.
 */
static void find_names(struct entry *entries, size_t count)
{
	bool all = false;

	for (unsigned n = 0; n < 2 * MAX_PARENTS && !all; n++) {
		all = true;
		for (size_t i = 0; i < count; i++)
			entries[i].next = submission__name(entries[i].path, n % MAX_PARENTS,
							   n >= MAX_PARENTS);
		for (size_t i = 0; i < count; i++)
			if (!entries[i].name && is_unlike(entries, count, i))
				entries[i].name = xstrdup(entries[i].next);
			else
				all &= !!entries[i].name;
		for (size_t i = 0; i < count; i++)
			free(entries[i].next);
	}
	for (size_t i = 0; i < count && !all; i++)
		if (!entries[i].name)
			entries[i].name = submission__name(entries[i].path, 0, false);
}

void shard__sort(struct strings *paths, struct strings *names)
{
	cleanup_free struct entry *entries = xcalloc(paths->count, sizeof(*entries));

	for (size_t i = 0; i < paths->count; i++)
		entries[i].path = paths->items[i];
	find_names(entries, paths->count);
	qsort(entries, paths->count, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < paths->count; i++) {
		paths->items[i] = entries[i].path;
		strings__add(names, entries[i].name);
	}
}

void shard__take(struct strings *paths, size_t index, size_t of)
{
	size_t kept = 0;

	for (size_t i = 0; i < paths->count; i++)
		if (i % of == index - 1)
			paths->items[kept++] = paths->items[i];
		else
			free(paths->items[i]);
	paths->count = kept;
}

/* --- joining --- */

struct shard {
	char *path;
	json_t *book, *key, *class, *submissions; /* but the first, of `book` */
	size_t index, of;
};

struct shards {
	struct shard *items; /* in the order of the folder */
	size_t count;
};

static void shards__free(struct shards *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].path);
		json_decref(s->items[i].book);
	}
	free(s->items);
}
#define cleanup_shards __attribute__((cleanup(shards__free)))

/* Whether it is a whole part: it has the submissions that it must have, and no other. */
static bool understand(struct shard *s)
{
	json_int_t version, index, of;
	size_t k = 0;

	if (json_unpack(s->book, "{s:I, s:{s:I, s:I, s:o}, s:o}", "version", &version, "shard",
			"index", &index, "of", &of, "class", &s->class, "submissions",
			&s->submissions) ||
	    version != 1 || index < 1 || of < index)
		return false;
	s->key = json_object_get(s->book, "shard");
	s->index = index;
	s->of = of;
	for (size_t i = index - 1; i < json_array_size(s->class); i += of, k++)
		if (!json_equal(json_array_get(s->class, i),
				json_object_get(json_array_get(s->submissions, k), "name")))
			return false;
	return k == json_array_size(s->submissions);
}

/* What tells that two parts are not of one run, or NULL. */
static const char *difference(const struct shard *a, const struct shard *b)
{
	static const char *const of_book[] = { "seed", "kernels" };
	static const char *const of_shard[] = { "exercises", "of", "class" };

	for (size_t i = 0; i < ARRAY_SIZE(of_book); i++)
		if (!json_equal(json_object_get(a->book, of_book[i]),
				json_object_get(b->book, of_book[i])))
			return of_book[i];
	for (size_t i = 0; i < ARRAY_SIZE(of_shard); i++)
		if (!json_equal(json_object_get(a->key, of_shard[i]),
				json_object_get(b->key, of_shard[i])))
			return of_shard[i];
	return NULL;
}

/* Takes the part in `path`, if it goes with those that are there. */
static int add_shard(struct shards *shards, const char *path)
{
	struct shard *s;
	const char *differs;
	json_error_t e;

	shards->items = xrealloc(shards->items, shards->count + 1, sizeof(*s));
	s = &shards->items[shards->count++];
	*s = (struct shard){ .path = xstrdup(path), .book = json_load_file(path, 0, &e) };
	if (!s->book)
		return err_msg("%s: no JSON: %s; remove it, or grade that part again", path,
			       e.text);
	if (!understand(s))
		return err_msg("%s: no part of a class, as this version's `grade --shard` writes "
			       "it; remove it, or grade that part again",
			       path);
	differs = difference(&shards->items[0], s);
	if (differs)
		return err_msg("%s: its \"%s\" is not that of %s; gather parts of one run only",
			       path, differs, shards->items[0].path);
	for (size_t i = 0; i + 1 < shards->count; i++)
		if (shards->items[i].index == s->index)
			return err_msg("%s: part %zu of %zu, as %s is; remove one of the two", path,
				       s->index, s->of, shards->items[i].path);
	return 0;
}

static int read_shards(struct shards *shards, const char *dir)
{
	cleanup_strings struct strings names = { 0 };
	DIR *d = opendir(dir);
	int err = 0;

	if (!d)
		return err_sys("--gather %s", dir);
	for (struct dirent *e; (e = readdir(d));)
		if (text__ends(e->d_name, strlen(e->d_name), ".json"))
			strings__add(&names, xstrdup(e->d_name));
	closedir(d);
	strings__sort(&names);
	for (size_t i = 0; i < names.count && !err; i++) {
		cleanup_free char *path = xprintf("%s/%s", dir, names.items[i]);

		err = add_shard(shards, path);
	}
	if (!err && !shards->count)
		err = err_msg("%s: no part is there; `grade --shard` writes them", dir);
	return err;
}

static const struct shard *find_shard(const struct shards *shards, size_t index)
{
	for (size_t i = 0; i < shards->count; i++)
		if (shards->items[i].index == index)
			return &shards->items[i];
	return NULL;
}

/* Who is not graded for want of their part. */
static void tell_missing(const struct shard *any, size_t index)
{
	cleanup_buf struct buf names = { 0 };

	for (size_t i = index - 1; i < json_array_size(any->class); i += any->of)
		buf__printf(&names, "%s%s", names.len ? ", " : "",
			    json_string_value(json_array_get(any->class, i)));
	err_msg("part %zu of %zu is missing: not graded are %s; --shard %zu/%zu --seed %llu grades "
		"them",
		index, any->of, names.data, index, any->of,
		(unsigned long long)json_integer_value(json_object_get(any->book, "seed")));
}

int shard__gather(const char *dir, json_t **book, bool *complete)
{
	cleanup_shards struct shards shards = { 0 };
	json_t *submissions = json_array();
	const struct shard *first;
	int err = read_shards(&shards, dir);

	if (err) {
		json_decref(submissions);
		return err;
	}
	*complete = true;
	first = &shards.items[0];
	for (size_t i = 0; i < json_array_size(first->class); i++) {
		const struct shard *s = find_shard(&shards, i % first->of + 1);

		if (s) {
			json_array_append(submissions,
					  json_array_get(s->submissions, i / first->of));
		} else {
			*complete = false;
			if (i < first->of)
				tell_missing(first, i + 1);
		}
	}
	grade__compare(submissions);
	*book = json_pack("{s:O, s:O, s:O, s:o}", "version",
			  json_object_get(first->book, "version"), "seed",
			  json_object_get(first->book, "seed"), "kernels",
			  json_object_get(first->book, "kernels"), "submissions", submissions);
	return 0;
}
