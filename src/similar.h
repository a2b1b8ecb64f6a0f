/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SIMILAR_H
#define SIMILAR_H

#include "util.h"

/* How much two C texts have in common: the hashes of every SHINGLE_TOKENS tokens in a row, whatever the
 * blanks and comments between them (Broder, "On the resemblance and containment of documents", 1997).
 * All names that somebody chose count as the same one: giving others hides nothing, unless they look like the
 * libraries'. Keywords, bpf_... and names with "__" count as they are: a pair and its unit's solution, told apart by
 * these, stay below nine tenths.
 * Of a long text only the smallest hashes are kept, as there: two such sets are compared up to where both are
 * known.
 */
enum { SHINGLE_TOKENS = 10, SHINGLES_MAX = 4096 };

struct shingles {
	uint64_t *hash; /* sorted, each once */
	size_t count;
};

/* Adds those of a text, without what `but` (or NULL), a complete set, has too: the frame that all were given. The set is
 * complete after similar__sort().
 */
void similar__add(struct shingles *s, const char *text, size_t len, const struct shingles *but);
void similar__sort(struct shingles *s);
/* Share of the smaller set that the larger one has as well, 0 to 1; 0 when either is too small to tell. */
double similar__share(const struct shingles *a, const struct shingles *b);
void similar__free(struct shingles *s);
#define cleanup_shingles __attribute__((cleanup(similar__free)))

#endif
