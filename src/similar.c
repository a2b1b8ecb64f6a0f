// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "similar.h"

enum { TOO_FEW = 15 };

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *skip_comment(const char *p, const char *end)
{
	const char *close =
		p[1] == '/' ? memchr(p, '\n', end - p) : memmem(p + 2, end - p - 2, "*/", 2);

	return close ? close + (p[1] == '/' ? 1 : 2) : end;
}

/* The next token's length, 0 at the end; `*p` moves to its start. */
static size_t next_token(const char **p, const char *end)
{
	const char *at = *p, *stop;

	while (at < end) {
		if (isspace((unsigned char)*at))
			at++;
		else if (end - at > 2 && at[0] == '/' && (at[1] == '/' || at[1] == '*'))
			at = skip_comment(at, end);
		else
			break;
	}
	for (stop = at; stop < end && is_word(*stop);)
		stop++;
	*p = at;
	return stop > at ? (size_t)(stop - at) : at < end;
}

/* Whether a token is the language's or the libraries', and no name that its writer chose. */
static bool is_given(const char *at, size_t len)
{
	static const char keywords[] = " break case char const continue default do double else "
				       "enum extern float for goto if inline int long register "
				       "return short signed sizeof static struct switch typedef "
				       "union unsigned void volatile while bool ";
	cleanup_free char *word = xprintf(" %.*s ", (int)len, at);

	return isdigit((unsigned char)*at) || !is_word(*at) || !strncasecmp(word + 1, "bpf_", 4) ||
	       strstr(word, "__") || strstr(keywords, word);
}

/* FNV-1a */
static uint64_t hash(uint64_t h, const char *data, size_t len)
{
	while (len--)
		h = (h ^ (unsigned char)*data++) * 0x100000001b3;
	return h;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void similar__sort(struct shingles *s)
{
	size_t kept = 0;

	if (s->count)
		qsort(s->hash, s->count, sizeof(*s->hash), by_value);
	for (size_t i = 0; i < s->count && kept < SHINGLES_MAX; i++)
		if (!kept || s->hash[i] != s->hash[kept - 1])
			s->hash[kept++] = s->hash[i];
	s->count = kept;
}

static bool has(const struct shingles *s, uint64_t h)
{
	return s->count && bsearch(&h, s->hash, s->count, sizeof(h), by_value);
}

static void add_hash(struct shingles *s, uint64_t h)
{
	if (s->count == 2 * SHINGLES_MAX)
		similar__sort(s);
	s->hash = xrealloc(s->hash, s->count + 1, sizeof(*s->hash));
	s->hash[s->count++] = h;
}

void similar__add(struct shingles *s, const char *text, size_t len, const struct shingles *but)
{
	const char *end = text + len;
	struct {
		const char *at;
		size_t len;
	} ring[SHINGLE_TOKENS];
	size_t n = 0, token;

	for (const char *p = text; (token = next_token(&p, end)); p += token) {
		uint64_t h = 0xcbf29ce484222325;
		bool given = is_given(p, token);

		ring[n % SHINGLE_TOKENS].at = given ? p : "x";
		ring[n++ % SHINGLE_TOKENS].len = given ? token : 1;
		if (n < SHINGLE_TOKENS)
			continue;
		for (size_t i = n; i < n + SHINGLE_TOKENS; i++)
			h = hash(hash(h, ring[i % SHINGLE_TOKENS].at, ring[i % SHINGLE_TOKENS].len),
				 " ", 1);
		if (!but || !has(but, h))
			add_hash(s, h);
	}
}

/* Up to where all of its hashes are known. */
static uint64_t known_up_to(const struct shingles *s)
{
	return s->count < SHINGLES_MAX ? UINT64_MAX : s->hash[s->count - 1];
}

static size_t count_up_to(const struct shingles *s, uint64_t top)
{
	size_t n = s->count;

	while (n && s->hash[n - 1] > top)
		n--;
	return n;
}

double similar__share(const struct shingles *a, const struct shingles *b)
{
	uint64_t of_a = known_up_to(a), of_b = known_up_to(b), top = of_a < of_b ? of_a : of_b;
	size_t in_a = count_up_to(a, top), in_b = count_up_to(b, top), common = 0;
	size_t small = in_a < in_b ? in_a : in_b;

	if (small < TOO_FEW)
		return 0;
	for (size_t i = 0; i < in_a; i++)
		common += has(b, a->hash[i]);
	return (double)common / small;
}

void similar__free(struct shingles *s)
{
	free(s->hash);
	*s = (struct shingles){ 0 };
}
