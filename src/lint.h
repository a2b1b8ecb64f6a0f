/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef LINT_H
#define LINT_H

#include "unit.h"

/* Checks that the project's files keep the rules that its commands and its readers rely on. All
 * paths are relative to the working directory, which is the project's root.
 */

struct complaint {
	char *file;
	unsigned line;
	char *text; /* "what; mend" */
};

struct lint {
	bool fix;		/* write generated blocks anew instead of complaining about them */
	bool own;		/* an instructor's folder, not the project: its exercises alone */
	struct strings files;	/* that git knows or would add, sorted */
	struct strings edited;	/* sources of exercises that are a learner's by now */
	struct strings targets; /* of the Makefile */
	struct units units;
	struct complaint *items; /* by file and line */
	size_t count;
	unsigned fixed; /* blocks */
};

/* Runs every check. Returns 0, with the complaints in `lint`, or -errno after printing the error. */
int lint__run(struct lint *lint);
/* Prints a line for each complaint and one that counts them. */
void lint__print(const struct lint *lint, FILE *f);
void lint__free(struct lint *lint);

/* --- between the parts of lint --- */

void complain(struct lint *lint, const char *file, unsigned line, const char *fmt, ...)
	__printf(4, 5);
/* Whether the project has that file, or files in that folder. */
bool lint__has(const struct lint *lint, const char *path);
/* Adds the unit's exercise to `edited` when it is no longer the starter that starter.ids names. */
void lint__edited(struct lint *lint, const struct unit *unit);
/* Sections and completeness of one unit. */
void lint__unit(struct lint *lint, const struct unit *unit);
/* Files in the units' folders that belong to no unit. */
void lint__unexpected(struct lint *lint);
/* Links, fences and length of one Markdown file. */
void lint__page(struct lint *lint, const char *file);
/* Its front matter alone. */
void lint__front(struct lint *lint, const char *file);
/* Tables whose last column is "unit", in the page that introduces the course. */
void lint__tables(struct lint *lint, const char *file);
/* Commands in console and sh blocks. */
void lint__commands(struct lint *lint, const char *file, const struct fence *fence);

#endif
