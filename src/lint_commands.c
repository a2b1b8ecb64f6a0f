// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <fnmatch.h>
#include <string.h>

#include "command.h"
#include "lint.h"

/* Absent when no command is linked in, as in a unit test of one module. */
extern const struct command __start_commands[] __attribute__((weak));
extern const struct command __stop_commands[] __attribute__((weak));

static bool is_command(const char *name)
{
	if (*name == '-' || !strcmp(name, "help"))
		return true;
	for (const struct command *c = __start_commands; c < __stop_commands; c++)
		if (!strcmp(c->name, name))
			return true;
	return false;
}

/* Whether the Makefile has a rule for `name`; a "%" in a rule stands for anything. */
static bool is_target(const struct lint *l, const char *name)
{
	for (size_t i = 0; i < l->targets.count; i++) {
		cleanup_free char *pattern = xstrdup(l->targets.items[i]);
		char *percent = strchr(pattern, '%');

		if (percent)
			*percent = '*';
		if (!fnmatch(pattern, name, 0))
			return true;
	}
	return false;
}

/* Takes the next word of a command line, quoted blanks included; NULL at its end and where a comment
 * begins.
 */
static char *next_word(const char **at)
{
	const char *start = *at + strspn(*at, " \t"), *p = start;
	char quote = '\0';

	for (; *p && (quote || !strchr(" \t", *p)); p++) {
		if (quote && *p == quote)
			quote = '\0';
		else if (!quote && strchr("'\"", *p))
			quote = *p;
	}
	*at = p;
	return p == start || *start == '#' ? NULL : text__copy(start, p - start);
}

/* "|", "&&", ";" and the like, alone or at the end of a word, begin a new command. */
static bool ends_command(char *word)
{
	size_t len = strcspn(word, "'\";|&<>");
	bool ends = word[len] && !strchr("'\"", word[len]);

	if (ends)
		word[len] = '\0';
	return ends;
}

struct call {
	struct lint *lint;
	const char *file;
	unsigned line;
	enum { CALL_NONE, CALL_OTHER, CALL_MAKE, CALL_WORKBOOK } what;
};

static void check_word(struct call *call, const char *word)
{
	bool option = *word == '-' || strchr(word, '=') || strchr(word, '$');

	switch (call->what) {
	case CALL_NONE:
		if (!strcmp(word, "make"))
			call->what = CALL_MAKE;
		else if (!strcmp(word, "./workbook") || !strcmp(word, "workbook"))
			call->what = CALL_WORKBOOK;
		else if (strcmp(word, "sudo") && strcmp(word, "time") && !option)
			call->what = CALL_OTHER;
		return;
	case CALL_MAKE:
		if (!strcmp(word, "-C") || !strcmp(word, "-f"))
			call->what = CALL_OTHER; /* another Makefile */
		else if (!option && !is_target(call->lint, word))
			complain(call->lint, call->file, call->line,
				 "make %s: the Makefile has no such target; see `make help`", word);
		return;
	case CALL_WORKBOOK:
		if (!is_command(word))
			complain(call->lint, call->file, call->line,
				 "workbook %s: no such command; see `./workbook --help`", word);
		call->what = CALL_OTHER;
		return;
	case CALL_OTHER:
		return;
	}
}

static void check_command(struct lint *l, const char *file, unsigned line, const char *command)
{
	struct call call = { .lint = l, .file = file, .line = line };
	char *word;

	while ((word = next_word(&command))) {
		bool ends = ends_command(word);

		if (*word)
			check_word(&call, word);
		if (ends)
			call.what = CALL_NONE;
		free(word);
	}
}

void lint__commands(struct lint *l, const char *file, const struct fence *fence)
{
	struct lines lines = lines_of(fence->body, strlen(fence->body));
	bool console = !strcmp(fence->language, "console");

	if (console && strncmp(fence->body, "$ ", 2))
		complain(l, file, fence->line,
			 "console block without a command; begin it with `$ `, or write ```text");
	while (lines__next(&lines)) {
		cleanup_free char *line = text__copy(lines.line, lines.len);
		unsigned number = fence->line + lines.number;

		if (!console)
			check_command(l, file, number, line);
		else if (!strncmp(line, "$ ", 2))
			check_command(l, file, number, line + 2);
	}
}
