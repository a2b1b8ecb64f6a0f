// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "image.h"
#include "options.h"
#include "pool.h"

/* --- values --- */

uint64_t option__number(struct argp_state *state, const char *option, const char *arg, uint64_t min,
			uint64_t max)
{
	cleanup_free char *limit =
		max < UINT64_MAX ? xprintf(" to %llu", (unsigned long long)max) : xstrdup(" on");
	uint64_t n = 0;

	if (parse_u64(arg, &n) || n < min || n > max)
		argp_error(state, "%s takes a whole number from %llu%s, not '%s'", option,
			   (unsigned long long)min, limit, arg);
	return n;
}

uint64_t option__jobs(struct argp_state *state, const char *arg)
{
	return option__number(state, "--jobs", arg, 0, POOL_MAX);
}

void option__kernel(struct strings *chosen, const char *arg)
{
	if (kernels__choose(chosen, arg))
		exit(EXIT_SETUP);
}

/* --- tables --- */

/* An option that is shown: argp's tables end with an empty one and may hold hidden ones. */
static const struct argp_option *next_option(const struct command *c, size_t *i)
{
	const struct argp_option *o = c->argp ? c->argp->options : NULL;

	while (o && (o[*i].name || o[*i].key || o[*i].doc)) {
		const struct argp_option *found = &o[(*i)++];

		if (found->name && !(found->flags & OPTION_HIDDEN))
			return found;
	}
	return NULL;
}

/* --- the man page --- */

/* Text for roff: backslashes, and dashes that are options'. */
static void add_roff(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			buf__printf(out, "\\e");
		else if (text[i] == '-')
			buf__printf(out, "\\-");
		else if (text[i] == '\n')
			buf__printf(out, "\n.br\n");
		else
			buf__add(out, text + i, 1);
	}
}

static void add_man_command(struct buf *out, const struct command *c)
{
	const char *doc = c->argp && c->argp->doc ? c->argp->doc : "";
	size_t before = strcspn(doc, "\v"), i = 0;
	const struct argp_option *o;

	buf__printf(out, ".SS \"%s%s%s\"\n", c->name, c->argp && c->argp->args_doc ? " " : "",
		    c->argp && c->argp->args_doc ? c->argp->args_doc : "");
	if (*doc)
		add_roff(out, doc, before);
	else
		add_roff(out, c->summary, strlen(c->summary));
	buf__printf(out, "\n");
	while ((o = next_option(c, &i))) {
		buf__printf(out, ".TP\n");
		if (isalnum(o->key))
			buf__printf(out, "\\fB\\-%c\\fR, ", o->key);
		buf__printf(out, "\\fB\\-\\-");
		add_roff(out, o->name, strlen(o->name));
		buf__printf(out, "\\fR%s\\fI%s\\fR\n", o->arg ? "=" : "", o->arg ? o->arg : "");
		add_roff(out, o->doc, strlen(o->doc));
		buf__printf(out, "\n");
	}
	if (doc[before]) {
		buf__printf(out, ".PP\n");
		add_roff(out, doc + before + 1, strlen(doc + before + 1));
		buf__printf(out, "\n");
	}
}

void options__man(struct buf *out)
{
	buf__printf(out,
		    ".TH WORKBOOK 1\n.SH NAME\n"
		    "workbook \\- learn to move BCC tools to libbpf and CO\\-RE, on real kernels\n"
		    ".SH SYNOPSIS\n\\fBworkbook\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...]\n"
		    ".SH COMMANDS\n");
	for (const struct command *c = __start_commands; c < __stop_commands; c++)
		add_man_command(out, c);
	buf__printf(out,
		    ".SH EXIT STATUS\n0 matched or passed, 1 mismatch or failed, 2 usage or "
		    "set\\-up error.\n"
		    ".SH ENVIRONMENT\n"
		    ".TP\n\\fBWORKBOOK_ACCEL\\fR\nkvm or tcg instead of what a trial boot says.\n"
		    ".TP\n\\fBWORKBOOK_MIRROR\\fR\nDebian mirror that images are built from.\n"
		    ".TP\n\\fBWORKBOOK_SNAPSHOTS_MB\\fR\nhow much disk the snapshots may take.\n"
		    ".TP\n\\fBXDG_CACHE_HOME\\fR\nwhere images and snapshots go (~/.cache).\n"
		    ".TP\n\\fBNO_COLOR\\fR\nno colour.\n");
}

/* --- completion --- */

static void add_words(struct buf *out, const struct command *c)
{
	const struct argp_option *o;
	size_t i = 0;

	while ((o = next_option(c, &i)))
		buf__printf(out, "--%s%s ", o->name, o->arg ? "=" : "");
	buf__printf(out, "--help");
}

static void add_bash(struct buf *out)
{
	buf__printf(out, "# bash completion for workbook: source <(./workbook completion bash)\n"
			 "_workbook()\n{\n"
			 "\tlocal word=${COMP_WORDS[COMP_CWORD]} root options\n"
			 "\troot=$(dirname \"$(command -v -- \"${COMP_WORDS[0]}\")\")\n"
			 "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\toptions='");
	for (const struct command *c = __start_commands; c < __stop_commands; c++)
		buf__printf(out, "%s ", c->name);
	buf__printf(out, "'\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *c = __start_commands; c < __stop_commands; c++) {
		buf__printf(out, "\t\t%s) options='", c->name);
		add_words(out, c);
		buf__printf(out, "' ;;\n");
	}
	buf__printf(out, "\t\tesac\n"
			 "\t\toptions+=\" $(cd \"$root/exercises\" 2>/dev/null && ls)\"\n"
			 "\tfi\n"
			 "\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n}\n"
			 "complete -o nosort -F _workbook workbook ./workbook\n");
}

/* A text inside '...' and _arguments' [...]. */
static void add_zsh_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf__printf(out, "'\\''");
		else if (strchr("[]:\\", *text))
			buf__printf(out, "\\%c", *text);
		else
			buf__add(out, text, 1);
	}
}

static void add_zsh(struct buf *out)
{
	buf__printf(out, "#compdef workbook\n"
			 "# zsh completion for workbook: source <(./workbook completion zsh)\n"
			 "_workbook()\n{\n"
			 "\tif (( CURRENT == 2 )); then\n\t\tlocal -a commands=(");
	for (const struct command *c = __start_commands; c < __stop_commands; c++) {
		buf__printf(out, "\n\t\t\t'%s:", c->name);
		add_zsh_text(out, c->summary);
		buf__printf(out, "'");
	}
	buf__printf(out,
		    ")\n\t\t_describe command commands\n\t\treturn\n\tfi\n\tcase $words[2] in\n");
	for (const struct command *c = __start_commands; c < __stop_commands; c++) {
		const struct argp_option *o;
		size_t i = 0;

		buf__printf(out, "\t%s) _arguments ", c->name);
		while ((o = next_option(c, &i))) {
			buf__printf(out, "'--%s%s[", o->name, o->arg ? "=" : "");
			add_zsh_text(out, o->doc);
			buf__printf(out, "]%s%s' ", o->arg ? ":" : "", o->arg ? o->arg : "");
		}
		buf__printf(out, "'--help[Tell about the command]' "
				 "'*:unit:(${words[1]:h}/exercises/*(N:t))' ;;\n");
	}
	buf__printf(out, "\tesac\n}\ncompdef _workbook workbook ./workbook\n");
}

int options__completion(const char *shell, struct buf *out)
{
	if (!strcmp(shell, "bash"))
		add_bash(out);
	else if (!strcmp(shell, "zsh"))
		add_zsh(out);
	else
		return -EINVAL;
	return 0;
}
