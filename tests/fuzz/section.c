// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sections and fences of any text: parts keep to their file, and a rewrite with the bodies that
 * were found changes no fence.
 */
#include <assert.h>
#include <string.h>

#include "chapter.h"

static void check_parts(const char *file, const char *text, size_t len)
{
	struct parts parts = { 0 };
	const char *why = NULL;
	unsigned last = 0, bad = section__misplaced(file, text, len, &why);
	struct lines l = lines_of(text, len);

	while (lines__next(&l))
		;
	assert(bad <= l.number + 1 && (!bad || why));
	parts__add(&parts, file, text, len);
	for (size_t i = 0; i < parts.count; i++) {
		struct buf out = { 0 };

		assert(parts.items[i].line >= last && parts.items[i].line <= l.number);
		last = parts.items[i].line;
		text__dedent(&out, parts.items[i].text);
		assert(out.len <= strlen(parts.items[i].text) + 1); /* one more "\n" */
		buf__free(&out);
	}
	parts__free(&parts);
}

static void check_fences(const char *text, size_t len)
{
	struct fences before = { 0 }, after = { 0 };
	struct buf out = { 0 };
	char **bodies;

	fences__parse(&before, text, len);
	bodies = xcalloc(before.count, sizeof(*bodies));
	for (size_t i = 0; i < before.count; i++)
		if (before.items[i].closed)
			bodies[i] = before.items[i].body;
	fences__rewrite(&before, text, len, bodies, &out);
	fences__parse(&after, out.data, out.len);
	assert(before.count == after.count);
	for (size_t i = 0; i < before.count; i++)
		assert(!strcmp(before.items[i].body, after.items[i].body));
	fences__free(&before);
	fences__free(&after);
	buf__free(&out);
	free(bodies);
}

static void check_source(const char *text, size_t len)
{
	cleanup_free char *argument = text__copy(text, len);
	struct source source;
	struct compare compare;
	const char *why;

	compare__parse(&compare, argument, &why);
	source__parse(&source, argument, &why);
	source__free(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = { "a.c", "a.bpf.c", "a.h", "a.py" };
	const char *text = (const char *)data;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		check_parts(files[i], text, size);
	check_source(text, size);
	if (!memchr(text, '\0', size)) /* bodies are strings */
		check_fences(text, size);
	return 0;
}
