// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "text.h"
#include "verifier.h"

#define LOG_BEGIN "BEGIN PROG LOAD LOG --"
#define LOG_END	  "-- END PROG LOAD LOG"

/* The verifier's own are shorter; what pretends to be its log may hold anything. */
enum { LINE_SHOWN = 200 };

static void add_cut(struct buf *out, const char *line, size_t len)
{
	bool cut = len > LINE_SHOWN;

	buf__add(out, line, cut ? LINE_SHOWN : len);
	buf__printf(out, "%s\n", cut ? " ..." : "");
}

/* The last log: the one before it may be that of a feature probe. */
static bool find_log(const char *err, const char **log, size_t *len)
{
	const char *begin = NULL, *end;

	for (const char *p = err; (p = strstr(p, LOG_BEGIN)); p += strlen(LOG_BEGIN))
		begin = p + strlen(LOG_BEGIN);
	if (!begin || !(end = strstr(begin, LOG_END)))
		return false;
	begin += strspn(begin, "-\r\n");
	*log = begin;
	*len = end - begin;
	return true;
}

/* Number of the line of `source` whose trimmed text is `text`, 0 when there is none. */
static unsigned find_line(const char *source, const char *text)
{
	struct lines l = lines_of(source, strlen(source));

	while (lines__next(&l)) {
		cleanup_free char *line = text__trim(l.line, l.len);

		if (!strcmp(line, text))
			return l.number;
	}
	return 0;
}

/* The last source line that the verifier was at: "; text" or "; text @ file.bpf.c:31". */
static char *last_source_line(const char *log, size_t len)
{
	struct lines l = lines_of(log, len);
	char *last = NULL;

	while (lines__next(&l)) {
		if (!text__starts(l.line, l.len, "; "))
			continue;
		free(last);
		last = text__trim(l.line + 2, l.len - 2);
	}
	return last;
}

static void add_location(const char *file, const char *source, char *text, struct buf *out)
{
	char *at = strstr(text, " @ ");
	unsigned number;

	if (at)
		*at = '\0';
	number = find_line(source, text);
	if (number)
		buf__printf(out, "%s:%u: ", file, number);
	else
		buf__printf(out, "%.*s: ", LINE_SHOWN, at ? at + 3 : file);
	add_cut(out, text, strlen(text));
}

bool verifier__excerpt(const char *err, const char *file, const char *source, size_t lines,
		       struct buf *out)
{
	cleanup_free char *text = NULL;
	const char *log;
	size_t len, skip = 0;
	struct lines l;

	if (!find_log(err, &log, &len))
		return false;
	text = last_source_line(log, len);
	if (text)
		add_location(file, source, text, out);
	for (l = lines_of(log, len); lines__next(&l);)
		skip = l.number > lines ? l.number - lines : 0;
	for (l = lines_of(log, len); lines__next(&l);)
		if (l.number > skip && !text__starts(l.line, l.len, "--")) {
			buf__printf(out, "  | ");
			add_cut(out, l.line, l.len);
		}
	return true;
}
