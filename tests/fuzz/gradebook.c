// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reports about any text that was made plain: their readers read them, and read the same. */
#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "fuzz.h"
#include "gradebook.h"

static const struct text seeds[] = {
	SEED("=cmd|'/C calc'!A0 \"x\",\n]]></failure><!-- &lol; "
	     "\x1b[2J\xff\xef\xbf\xbf\xe2\x80\xae"),
};

static json_t *book_of(const char *name, const char *output)
{
	json_t *test = json_pack("{s:s, s:s, s:s, s:f, s:i, s:s, s:s}", "name", "a builds",
				 "exercise", "01-a", "item", "builds", "score", 0.0, "max", 1,
				 "status", "failed", "output", output);

	return json_pack("{s:i, s:i, s:[s], s:[{s:s, s:f, s:i, s:b, s:[s], s:[s], s:{}, s:[o]}]}",
			 "version", 1, "seed", 7, "kernels", "6.12", "submissions", "name", name,
			 "score", 0.0, "max", 1, "judged", 1, "flags", name, "notes", output,
			 "outcomes", "tests", test);
}

static void check_xml(const json_t *book, const char *output)
{
	cleanup_buf struct buf out = { 0 };
	xmlXPathContext *context;
	xmlXPathObject *failure;
	xmlChar *text;
	xmlDoc *doc;

	gradebook__junit(book, &out);
	doc = xmlReadMemory(out.data, out.len, "", NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_HUGE);
	CHECK(doc);
	context = xmlXPathNewContext(doc);
	failure = xmlXPathEval(BAD_CAST "//failure", context);
	text = xmlXPathCastToString(failure);
	CHECK(!strcmp((char *)text, output));
	xmlFree(text);
	xmlXPathFreeObject(failure);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
}

static void check_json(const json_t *book, void (*write)(const json_t *, struct buf *))
{
	cleanup_buf struct buf out = { 0 };
	json_t *read;

	write(book, &out);
	read = json_loadb(out.data, out.len, 0, NULL);
	CHECK(read);
	if (write == gradebook__json)
		CHECK(json_equal(read, book));
	json_decref(read);
}

/* Two lines, and no field that is a formula. */
static void check_csv(const json_t *book)
{
	cleanup_buf struct buf out = { 0 };
	bool quoted = false;
	int lines = 0;

	gradebook__csv(book, &out);
	for (const char *c = out.data; *c; c++) {
		if (*c == '"')
			quoted = !quoted;
		else if (!quoted)
			lines += *c == '\n';
		if (quoted && *c == '"' && (c == out.data || strchr(",\n", c[-1])))
			CHECK(!c[1] || !strchr("=+-@", c[1]));
	}
	CHECK(lines == 2 && !quoted);
}

static void check_table(const json_t *book)
{
	cleanup_buf struct buf out = { 0 };

	gradebook__table(book, true, &out);
	check_plain(out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_buf struct buf name = { 0 }, output = { 0 };
	json_t *book;

	buf__add(&name, "", 0);
	buf__add(&output, "", 0);
	text__visible(&name, (struct text){ (const char *)data, len });
	text__visible_lines(&output, (struct text){ (const char *)data, len });
	check_plain(name.data);
	book = book_of(name.data, output.data);
	CHECK(book);
	check_xml(book, output.data);
	check_json(book, gradebook__json);
	check_json(book, gradebook__gradescope);
	check_csv(book);
	check_table(book);
	json_decref(book);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return plant(*argc, *argv, seeds, ARRAY_SIZE(seeds));
}
