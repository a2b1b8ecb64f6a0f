// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A class taken apart and joined again is the same class; what is no part of it is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "grade.h"
#include "gradebook.h"
#include "shard.h"

#define NAMES "anna bob carl dora emil frida gina"
enum { NR = 7 };

static char dir[] = "/tmp/shard-XXXXXX";

static json_t *names_json(void)
{
	cleanup_strings struct strings names = { 0 };
	json_t *array = json_array();

	strings__split(&names, NAMES);
	for (size_t i = 0; i < names.count; i++)
		json_array_append_new(array, json_string(names.items[i]));
	return array;
}

/* Submission `i`. Every third has handed in the same. */
static json_t *submission(size_t i)
{
	json_t *names = names_json(), *hashes = json_array(), *s;

	for (int k = 0; k < 30; k++)
		json_array_append_new(hashes, json_integer((json_int_t)(i % 3 * 100 + k)));
	s = json_pack("{s:O, s:f, s:i, s:b, s:[], s:[], s:{s:s}, s:{s:o}, s:[{s:s, s:s, s:s, s:f, "
		      "s:i, s:s, s:s}]}",
		      "name", json_array_get(names, i), "score", 0.1 * i, "max", 1, "judged", 1,
		      "flags", "notes", "outcomes", "01-a", "match", "shingles", "01-a", hashes,
		      "tests", "name", "01-a matches", "exercise", "01-a", "item", "matches",
		      "score", 0.1 * i, "max", 1, "status", "failed", "output", "\"<\xc3\xa9>\"");
	json_decref(names);
	return s;
}

/* The book without submissions. */
static json_t *head(void)
{
	return json_pack("{s:i, s:i, s:[s, s]}", "version", 1, "seed", 7, "kernels", "5.10", "6.1");
}

static json_t *whole(void)
{
	json_t *book = head(), *submissions = json_array();

	for (size_t i = 0; i < NR; i++)
		json_array_append_new(submissions, submission(i));
	grade__compare(submissions);
	json_object_set_new(book, "submissions", submissions);
	return book;
}

static json_t *part(size_t index, size_t of)
{
	json_t *book = head(), *submissions = json_array();

	json_object_set_new(book, "shard",
			    json_pack("{s:i, s:i, s:o, s:[s]}", "index", (int)index, "of", (int)of,
				      "class", names_json(), "exercises", "01-a"));
	for (size_t i = index - 1; i < NR; i += of)
		json_array_append_new(submissions, submission(i));
	json_object_set_new(book, "submissions", submissions);
	return book;
}

/* Writes a part, which this frees, as `name`. */
static void put(const char *name, json_t *book)
{
	cleanup_free char *path = xprintf("%s/%s", dir, name);
	cleanup_buf struct buf text = { 0 };

	gradebook__json(book, &text);
	assert_int_equal(file__write(path, text.data, text.len), 0);
	json_decref(book);
}

static void put_text(const char *name, const char *text)
{
	cleanup_free char *path = xprintf("%s/%s", dir, name);

	assert_int_equal(file__write(path, text, strlen(text)), 0);
}

/* Gathers the folder and empties it; what that says on stderr is appended to `said`. */
static int gather(json_t **book, bool *complete, struct buf *said)
{
	cleanup_free char *path = xprintf("%s/said", dir);
	int err, saved = dup(2);

	assert_non_null(freopen(path, "w", stderr));
	err = shard__gather(dir, book, complete);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	buf__add(said, "", 0);
	file__read(path, said);
	file__remove_tree(dir);
	assert_int_equal(file__mkdirs(dir), 0);
	return err;
}

static void add_table(const json_t *book, struct buf *out)
{
	gradebook__table(book, true, out);
}

static void test_whole_again(void **state)
{
	static void (*const write[])(const json_t *, struct buf *) = {
		gradebook__json, gradebook__junit, gradebook__gradescope, gradebook__csv, add_table
	};

	for (size_t of = 1; of <= NR + 2; of++) {
		json_t *expected = whole(), *book = NULL;
		cleanup_buf struct buf said = { 0 };
		bool complete = false;

		for (size_t i = of; i; i--) {
			cleanup_free char *name = xprintf("%c.json", (int)('z' - i));

			put(name, part(i, of));
		}
		put_text("1.json.log", "no part");
		assert_int_equal(gather(&book, &complete, &said), 0);
		assert_string_equal(said.data, "");
		assert_true(complete);
		for (size_t i = 0; i < ARRAY_SIZE(write); i++) {
			cleanup_buf struct buf a = { 0 }, b = { 0 };

			write[i](expected, &a);
			write[i](book, &b);
			assert_string_equal(a.data, b.data);
		}
		json_decref(expected);
		json_decref(book);
	}
}

static void test_missing(void **state)
{
	json_t *book = NULL, *submissions;
	cleanup_buf struct buf said = { 0 };
	bool complete = true;

	put("1.json", part(1, 3));
	put("3.json", part(3, 3));
	assert_int_equal(gather(&book, &complete, &said), 0);
	assert_false(complete);
	assert_non_null(strstr(said.data, "part 2 of 3 is missing: not graded are bob, emil;"));
	submissions = json_object_get(book, "submissions");
	assert_int_equal(json_array_size(submissions), 5);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(submissions, 1), "name")), "carl");
	json_decref(book);
}

/* Nobody is in the fourth part of three: nothing is missing without it. */
static void test_empty_part(void **state)
{
	cleanup_buf struct buf said = { 0 };
	json_t *book = NULL;
	bool complete = false;

	for (size_t i = 1; i <= NR; i++) {
		cleanup_free char *name = xprintf("%zu.json", i);

		put(name, part(i, NR + 1));
	}
	assert_int_equal(gather(&book, &complete, &said), 0);
	assert_true(complete);
	json_decref(book);
}

/* Part 1 of 2 is there and good; `other`, which this frees, is put beside it and refused. */
static void refuse(json_t *other, const char *why)
{
	cleanup_buf struct buf said = { 0 };
	json_t *book = NULL;
	bool complete;

	put("1.json", part(1, 2));
	put("2.json", other);
	assert_true(gather(&book, &complete, &said) < 0);
	if (!strstr(said.data, "/2.json: ") || !strstr(said.data, why))
		fail_msg("no \"%s\" in: %s", why, said.data);
}

/* The second part, with another `value` at `key`. */
static json_t *other(bool in_shard, const char *key, json_t *value)
{
	json_t *p = part(2, 2);

	json_object_set_new(in_shard ? json_object_get(p, "shard") : p, key, value);
	return p;
}

static void test_refused(void **state)
{
	cleanup_buf struct buf said = { 0 };
	json_t *p = part(2, 2), *book = NULL;
	bool complete;

	refuse(other(false, "seed", json_integer(8)), "its \"seed\" is not that of");
	refuse(other(false, "kernels", json_array()), "its \"kernels\"");
	refuse(other(true, "exercises", json_array()), "its \"exercises\"");
	refuse(part(3, 3), "its \"of\"");
	json_array_set_new(json_object_get(json_object_get(p, "shard"), "class"), 0,
			   json_string("zoe"));
	refuse(p, "its \"class\"");
	refuse(part(1, 2), "part 1 of 2, as");
	refuse(other(false, "version", json_integer(2)), "no part of a class");
	refuse(other(true, "index", json_integer(0)), "no part of a class");
	refuse(other(true, "index", json_integer(3)), "no part of a class");
	refuse(other(true, "of", json_integer(-1)), "no part of a class");
	refuse(other(true, "class", json_array()), "no part of a class");
	refuse(other(false, "submissions", json_array()), "no part of a class");
	refuse(whole(), "no part of a class");
	refuse(json_array(), "no part of a class");
	put_text("2.json", "{\"version\": 1,");
	assert_true(gather(&book, &complete, &said) < 0);
	assert_non_null(strstr(said.data, "/2.json: no JSON"));
	assert_true(gather(&book, &complete, &said) < 0);
	assert_non_null(strstr(said.data, "no part is there"));
}

/* By name, then by path; whatever the order of the arguments. */
static void test_sorted_and_taken(void **state)
{
	static const char *const given[] = { "b/zoe.zip anna.tar.gz a/zoe.zip ben",
					     "ben a/zoe.zip b/zoe.zip anna.tar.gz" };

	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		cleanup_strings struct strings paths = { 0 }, names = { 0 };

		strings__split(&paths, given[i]);
		shard__sort(&paths, &names);
		assert_string_equal(names.items[0], "a/zoe");
		assert_string_equal(names.items[3], "ben");
		shard__take(&paths, 2, 2);
		assert_int_equal(paths.count, 2);
		assert_string_equal(paths.items[0], "anna.tar.gz");
		assert_string_equal(paths.items[1], "ben");
	}
}

/* `submit` gives all archives the same name: what is in front of it tells them apart, as far as anything does. */
static void test_names(void **state)
{
	static const struct {
		const char *paths, *names;
	} cases[] = {
		{ "/s/anna/submission.tar.gz /s/bob/submission.tar.gz /s/carl.zip",
		  "anna/submission bob/submission carl" },
		{ "/1/anna/x.zip /2/anna/x.zip /1/bob/x.zip", "1/anna/x 2/anna/x bob/x" },
		{ "/s/anna.zip /s/anna.tar.gz /s/bob.zip", "anna.tar.gz anna.zip bob" },
		{ "/s/anna.zip /s/anna.zip", "anna anna" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_strings struct strings paths = { 0 }, names = { 0 };
		cleanup_buf struct buf joined = { 0 };

		strings__split(&paths, cases[i].paths);
		shard__sort(&paths, &names);
		for (size_t k = 0; k < names.count; k++)
			buf__printf(&joined, "%s%s", k ? " " : "", names.items[k]);
		assert_string_equal(joined.data, cases[i].names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_again),	 cmocka_unit_test(test_missing),
		cmocka_unit_test(test_empty_part),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sorted_and_taken), cmocka_unit_test(test_names),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	file__remove_tree(dir);
	return failed;
}
