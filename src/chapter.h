/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CHAPTER_H
#define CHAPTER_H

#include "section.h"

/* Markdown, as far as the workbook reads it: fenced blocks, whose bodies are often generated from
 * the sources that they name. Everything here works on buffers.
 */

struct fence {
	unsigned line, last; /* of the opening fence and of the closing one */
	char *language;	     /* first word of the info string, "" when there is none */
	char *argument;	     /* the rest of it */
	char *body;	     /* without the prefix, "\n" behind each line */
	char *why;	     /* the paragraph behind the fence on one line, "" when there is none */
	char *prefix;	     /* blanks and ">" in front of the fence, and so of its body's lines */
	size_t start, end;   /* where the body is in the text */
	bool closed;
};

struct fences {
	struct fence *items;
	size_t count;
};

void fences__parse(struct fences *fences, const char *text, size_t len);
/* The fence that line `number` belongs to, or NULL for prose. */
const struct fence *fences__at(const struct fences *fences, unsigned number);
/* Appends `text` to `out` with the body of fence i replaced by bodies[i], where that is not NULL. */
void fences__rewrite(const struct fences *fences, const char *text, size_t len, char **bodies,
		     struct buf *out);
void fences__free(struct fences *fences);
#define cleanup_fences __attribute__((cleanup(fences__free)))

/* --- ```compare NAME [only=bcc|only=libbpf] --- */

enum only { ONLY_NONE, ONLY_BCC, ONLY_LIBBPF };
/* ONLY_NONE for a text that is neither "bcc" nor "libbpf". */
enum only only__parse(const char *text);

struct compare {
	char name[16];
	enum only only;
};

bool fence__is_compare(const struct fence *fence);
/* Returns 0, or -EINVAL with the reason and the mend in `why`. */
int compare__parse(struct compare *compare, const char *argument, const char **why);
/* The body that a row's fence must have: BCC's parts, then libbpf's, each under FILE:LINE. */
void compare__body(struct buf *out, const struct parts *bcc, const struct parts *libbpf,
		   const char *name);

/* --- ```c FILE, FILE:SECTION, FILE#/START/ or FILE#/START/,/END/ --- */

struct source {
	char *file;
	char *section;	   /* or NULL */
	char *start, *end; /* regular expressions, or NULL */
};

/* Returns 0, or -EINVAL with the reason and the mend in `why`; free `source` either way. */
int source__parse(struct source *source, const char *argument, const char **why);
/* Appends what `source` takes from `text`, its file, for a block of `language`. Returns as above. */
int source__extract(const struct source *source, const char *language, const char *text, size_t len,
		    struct buf *out, const char **why);
void source__free(struct source *source);
#define cleanup_source __attribute__((cleanup(source__free)))

#endif
