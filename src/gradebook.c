// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <libxml/xmlwriter.h>
#include <string.h>

#include "gradebook.h"
#include "text.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static double number_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static bool is_full(const json_t *test)
{
	return !strcmp(text_of(test, "status"), "passed");
}

/* --- exercises: tests of one exercise stand together --- */

/* Names of the exercises that any submission has, sorted. */
static void exercises_of(const json_t *book, struct strings *names)
{
	json_t *submission, *test;
	size_t i, k;

	json_array_foreach (json_object_get(book, "submissions"), i, submission)
		json_array_foreach (json_object_get(submission, "tests"), k, test)
			if (!strings__has(names, text_of(test, "exercise")))
				strings__add(names, xstrdup(text_of(test, "exercise")));
	strings__sort(names);
}

/* What the submission has for one exercise; false when that is not graded in it. */
static bool points_for(const json_t *submission, const char *exercise, double *score, double *max)
{
	json_t *test;
	size_t i;

	*score = *max = 0;
	json_array_foreach (json_object_get(submission, "tests"), i, test) {
		if (strcmp(text_of(test, "exercise"), exercise))
			continue;
		*score += number_of(test, "score");
		*max += number_of(test, "max");
	}
	return *max > 0;
}

/* --- for a person --- */

static void add_indented(struct buf *out, const char *text, const char *indent)
{
	for (struct lines l = lines_of(text, strlen(text)); lines__next(&l);)
		buf__printf(out, "%s%.*s\n", indent, (int)l.len, l.line);
}

static void add_details(const json_t *submission, struct buf *out)
{
	json_t *test, *note;
	size_t i;

	json_array_foreach (json_object_get(submission, "tests"), i, test) {
		buf__printf(out, "  %s  %s, %g of %g\n", is_full(test) ? "+" : "-",
			    text_of(test, "name"), number_of(test, "score"),
			    number_of(test, "max"));
		add_indented(out, text_of(test, "output"), "       ");
	}
	json_array_foreach (json_object_get(submission, "notes"), i, note)
		buf__printf(out, "  note: %s\n", json_string_value(note));
}

static int name_width(const json_t *book)
{
	json_t *submission;
	int width = 10;
	size_t i;

	json_array_foreach (json_object_get(book, "submissions"), i, submission) {
		int len = strlen(text_of(submission, "name"));

		width = len > width ? len : width;
	}
	return width < 30 ? width : 30;
}

void gradebook__table(const json_t *book, bool details, struct buf *out)
{
	cleanup_strings struct strings names = { 0 };
	json_t *submission, *flag;
	int width = name_width(book);
	double score, max;
	size_t i, k;

	exercises_of(book, &names);
	buf__printf(out, "%-*s %11s", width, "SUBMISSION", "SCORE");
	for (k = 0; k < names.count; k++)
		buf__printf(out, " %6.2s", names.items[k]);
	buf__printf(out, "\n");
	json_array_foreach (json_object_get(book, "submissions"), i, submission) {
		cleanup_free char *sum = xprintf("%g/%g", number_of(submission, "score"),
						 number_of(submission, "max"));

		buf__printf(out, "%-*s %11s", width, text_of(submission, "name"), sum);
		for (k = 0; k < names.count; k++)
			if (points_for(submission, names.items[k], &score, &max))
				buf__printf(out, " %6.4g", score);
			else
				buf__printf(out, " %6s", "-");
		buf__printf(out, "\n");
		json_array_foreach (json_object_get(submission, "flags"), k, flag)
			buf__printf(out, "  ! %s\n", json_string_value(flag));
		if (details)
			add_details(submission, out);
	}
}

/* --- JSON --- */

static void add_json(const json_t *value, struct buf *out)
{
	cleanup_free char *text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(6));

	buf__printf(out, "%s\n", text ? text : "{}");
}

void gradebook__json(const json_t *book, struct buf *out)
{
	add_json(book, out);
}

static json_t *gradescope_test(const json_t *test)
{
	return json_pack("{s:s, s:f, s:f, s:s, s:s, s:s, s:s, s:[s]}", "name",
			 text_of(test, "name"), "score", number_of(test, "score"), "max_score",
			 number_of(test, "max"), "status", text_of(test, "status"), "output",
			 text_of(test, "output"), "output_format", "text", "visibility", "visible",
			 "tags", text_of(test, "exercise"));
}

/* https://gradescope-autograders.readthedocs.io/en/latest/specs/ */
void gradebook__gradescope(const json_t *book, struct buf *out)
{
	json_t *submission = json_array_get(json_object_get(book, "submissions"), 0);
	cleanup_buf struct buf said = { 0 };
	json_t *tests = json_array(), *test, *line, *whole;
	size_t i;

	buf__add(&said, "", 0);
	json_array_foreach (json_object_get(submission, "flags"), i, line)
		buf__printf(&said, "! %s\n", json_string_value(line));
	json_array_foreach (json_object_get(submission, "notes"), i, line)
		buf__printf(&said, "%s\n", json_string_value(line));
	json_array_foreach (json_object_get(submission, "tests"), i, test)
		json_array_append_new(tests, gradescope_test(test));
	whole = json_pack("{s:f, s:s, s:s, s:s, s:s, s:o, s:{s:O, s:O, s:O}}", "score",
			  number_of(submission, "score"), "output", said.data, "output_format",
			  "text", "visibility", "visible", "stdout_visibility", "hidden", "tests",
			  tests, "extra_data", "seed", json_object_get(book, "seed"), "flags",
			  json_object_get(submission, "flags"), "max_score",
			  json_object_get(submission, "max"));
	add_json(whole, out);
	json_decref(whole);
}

/* --- JUnit --- */

static void attribute(xmlTextWriter *w, const char *name, const char *value)
{
	xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST value);
}

static void number_attribute(xmlTextWriter *w, const char *name, size_t value)
{
	cleanup_free char *text = xprintf("%zu", value);

	attribute(w, name, text);
}

/* GitLab drops what has another case's classname and name: the submission's name is part of it. */
static void add_case(xmlTextWriter *w, const json_t *submission, const json_t *test)
{
	cleanup_free char *class =
		xprintf("%s.%s", text_of(submission, "name"), text_of(test, "exercise"));
	cleanup_free char *message =
		xprintf("%g of %g points", number_of(test, "score"), number_of(test, "max"));

	xmlTextWriterStartElement(w, BAD_CAST "testcase");
	attribute(w, "classname", class);
	attribute(w, "name", text_of(test, "name"));
	if (!is_full(test)) {
		xmlTextWriterStartElement(w, BAD_CAST "failure");
		attribute(w, "message", message);
		attribute(w, "type", text_of(test, "item"));
		xmlTextWriterWriteString(w, BAD_CAST text_of(test, "output"));
		xmlTextWriterEndElement(w);
	}
	xmlTextWriterEndElement(w);
}

/* Nothing of it is green when it could not be judged, or flags are all there is. */
static bool is_error(const json_t *submission)
{
	return json_is_false(json_object_get(submission, "judged")) ||
	       (!json_array_size(json_object_get(submission, "tests")) &&
		json_array_size(json_object_get(submission, "flags")));
}

static void add_error(xmlTextWriter *w, const json_t *submission)
{
	json_t *flag;
	size_t i;

	xmlTextWriterStartElement(w, BAD_CAST "testcase");
	attribute(w, "classname", text_of(submission, "name"));
	attribute(w, "name", "can be graded");
	xmlTextWriterStartElement(w, BAD_CAST "error");
	attribute(w, "message", "not graded");
	json_array_foreach (json_object_get(submission, "flags"), i, flag)
		xmlTextWriterWriteFormatString(w, "%s\n", json_string_value(flag));
	xmlTextWriterEndElement(w);
	xmlTextWriterEndElement(w);
}

static void add_suite(xmlTextWriter *w, const json_t *submission)
{
	json_t *tests = json_object_get(submission, "tests"), *test, *flag;
	bool error = is_error(submission);
	size_t failures = 0, i;

	json_array_foreach (tests, i, test)
		failures += !is_full(test);
	xmlTextWriterStartElement(w, BAD_CAST "testsuite");
	attribute(w, "name", text_of(submission, "name"));
	number_attribute(w, "tests", json_array_size(tests) + error);
	number_attribute(w, "failures", failures);
	number_attribute(w, "errors", error);
	xmlTextWriterStartElement(w, BAD_CAST "properties");
	json_array_foreach (json_object_get(submission, "flags"), i, flag) {
		xmlTextWriterStartElement(w, BAD_CAST "property");
		attribute(w, "name", "flag");
		attribute(w, "value", json_string_value(flag));
		xmlTextWriterEndElement(w);
	}
	xmlTextWriterEndElement(w);
	json_array_foreach (tests, i, test)
		add_case(w, submission, test);
	if (error)
		add_error(w, submission);
	xmlTextWriterEndElement(w);
}

void gradebook__junit(const json_t *book, struct buf *out)
{
	xmlBuffer *memory = xmlBufferCreate();
	xmlTextWriter *w = memory ? xmlNewTextWriterMemory(memory, 0) : NULL;
	json_t *submission;
	size_t i;

	if (!w)
		abort();
	xmlTextWriterSetIndent(w, 1);
	xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
	xmlTextWriterStartElement(w, BAD_CAST "testsuites");
	json_array_foreach (json_object_get(book, "submissions"), i, submission)
		add_suite(w, submission);
	xmlTextWriterEndDocument(w);
	xmlFreeTextWriter(w);
	buf__add(out, xmlBufferContent(memory), xmlBufferLength(memory));
	xmlBufferFree(memory);
}

/* --- CSV --- */

static void add_field(struct buf *out, const char *text, const char *end)
{
	buf__printf(out, "\"%s", *text && strchr("=+-@\t\r", *text) ? "'" : "");
	for (; *text; text++)
		buf__printf(out, *text == '"' ? "\"\"" : "%c", *text);
	buf__printf(out, "\"%s", end);
}

void gradebook__csv(const json_t *book, struct buf *out)
{
	cleanup_strings struct strings names = { 0 };
	json_t *submission, *flag;
	double score, max;
	size_t i, k;

	exercises_of(book, &names);
	buf__printf(out, "submission,score,max,");
	for (k = 0; k < names.count; k++)
		add_field(out, names.items[k], ",");
	buf__printf(out, "flags\r\n");
	json_array_foreach (json_object_get(book, "submissions"), i, submission) {
		cleanup_buf struct buf flags = { 0 };

		add_field(out, text_of(submission, "name"), ",");
		buf__printf(out, "%g,%g,", number_of(submission, "score"),
			    number_of(submission, "max"));
		for (k = 0; k < names.count; k++) {
			if (points_for(submission, names.items[k], &score, &max))
				buf__printf(out, "%g", score);
			buf__printf(out, ",");
		}
		buf__add(&flags, "", 0);
		json_array_foreach (json_object_get(submission, "flags"), k, flag)
			buf__printf(&flags, "%s%s", k ? "; " : "", json_string_value(flag));
		add_field(out, flags.data, "\r\n");
	}
}
