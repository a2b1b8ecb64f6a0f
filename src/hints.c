// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "hints.h"

void hints__free(struct hints *hints)
{
	for (size_t i = 0; i < hints->count; i++) {
		free(hints->items[i].summary);
		free(hints->items[i].text);
		free(hints->items[i].fits);
	}
	free(hints->items);
	*hints = (struct hints){ 0 };
}

/* What is between `open` and `close` in the line, the caller's, or NULL. */
static char *between(const struct lines *l, const char *open, const char *close)
{
	cleanup_free char *line = text__copy(l->line, l->len);
	char *start = strstr(line, open), *end = start ? strstr(start, close) : NULL;

	return end ? text__trim(start + strlen(open), end - start - strlen(open)) : NULL;
}

static void add_hint(struct hints *hints)
{
	hints->items = xrealloc(hints->items, hints->count + 1, sizeof(*hints->items));
	hints->items[hints->count++] = (struct hint){ xstrdup(""), xstrdup(""), xstrdup("") };
}

static void add_line(struct hint *h, const struct lines *l)
{
	char *longer;

	if (!*h->text && !l->len)
		return;
	longer = xprintf("%s%.*s\n", h->text, (int)l->len, l->line);
	free(h->text);
	h->text = longer;
}

static void take_line(struct hint *h, const struct lines *l)
{
	char *summary = between(l, "<summary>", "</summary>"),
	     *fits = between(l, "<!-- fits:", "-->");

	if (summary) {
		free(h->summary);
		h->summary = summary;
	} else if (fits) {
		free(h->fits);
		h->fits = fits;
	} else {
		add_line(h, l);
	}
}

void hints__parse(struct hints *hints, const char *readme)
{
	struct lines l = lines_of(readme, strlen(readme));
	bool inside = false;

	*hints = (struct hints){ 0 };
	while (lines__next(&l)) {
		cleanup_free char *line = text__trim(l.line, l.len);

		if (!strcmp(line, "<details>")) {
			add_hint(hints);
			inside = true;
		} else if (!strcmp(line, "</details>")) {
			inside = false;
		} else if (inside) {
			take_line(&hints->items[hints->count - 1], &l);
		}
	}
}

size_t hints__choose(const struct hints *hints, unsigned shown, const char *failure)
{
	size_t next = shown % (hints->count ? hints->count : 1);

	/* One that fits comes early, but the last is nearly the answer. */
	for (size_t i = next; failure && i + 1 < hints->count; i++) {
		cleanup_free char *fits = xstrdup(hints->items[i].fits);
		char *save = NULL;

		for (char *w = strtok_r(fits, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
			w += strspn(w, " ");
			if (*w && strcasestr(failure, w))
				return i;
		}
	}
	return next;
}
