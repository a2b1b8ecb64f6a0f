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
	return option__number(state, "--jobs", arg, 1, POOL_MAX);
}

void option__kernel(struct strings *chosen, const char *arg)
{
	if (kernels__choose(chosen, arg))
		exit(EXIT_SETUP);
}

/* --- tables --- */

const struct argp_option global_options[] = {
	{ "exercises", 1, "DIR", 0,
	  "Take the units from another folder, laid out like this one: exercises/NN-topic/, "
	  "tests/NN-topic.c, solutions/",
	  0 },
	{ 0 },
};

static const struct argp_option *options_of(const struct command *c)
{
	return c->argp ? c->argp->options : NULL;
}

static const char *args_doc(const struct command *c)
{
	return c->argp && c->argp->args_doc ? c->argp->args_doc : "";
}

/* An option that is shown: argp's tables end with an empty one and may hold hidden ones. */
static const struct argp_option *next_option(const struct argp_option *o, size_t *i)
{
	while (o && (o[*i].name || o[*i].key || o[*i].doc)) {
		const struct argp_option *found = &o[(*i)++];

		if (found->name && !(found->flags & OPTION_HIDDEN))
			return found;
	}
	return NULL;
}

/* --- the man page --- */

/* Text for roff: backslashes, dashes that are options', and what begins a request at a line's start. */
static void add_roff(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(".'", text[i]) && out->len && out->data[out->len - 1] == '\n')
			buf__printf(out, "\\&");
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

static void add_man_options(struct buf *out, const struct argp_option *options)
{
	const struct argp_option *o;
	size_t i = 0;

	while ((o = next_option(options, &i))) {
		buf__printf(out, ".TP\n");
		if (isascii(o->key) && isalnum(o->key))
			buf__printf(out, "\\fB\\-%c\\fR, ", o->key);
		buf__printf(out, "\\fB\\-\\-");
		add_roff(out, o->name, strlen(o->name));
		buf__printf(out, "\\fR%s\\fI%s\\fR\n", o->arg ? "=" : "", o->arg ? o->arg : "");
		add_roff(out, o->doc, strlen(o->doc));
		buf__printf(out, "\n");
	}
}

static void add_man_command(struct buf *out, const struct command *c)
{
	const char *doc = c->argp && c->argp->doc ? c->argp->doc : "";
	size_t before = strcspn(doc, "\v");

	buf__printf(out, ".SS \"%s%s%s\"\n", c->name, *args_doc(c) ? " " : "", args_doc(c));
	if (*doc)
		add_roff(out, doc, before);
	else
		add_roff(out, c->summary, strlen(c->summary));
	buf__printf(out, "\n");
	add_man_options(out, options_of(c));
	if (doc[before]) {
		buf__printf(out, ".PP\n");
		add_roff(out, doc + before + 1, strlen(doc + before + 1));
		buf__printf(out, "\n");
	}
}

static const struct {
	const char *name, *doc;
} environment[] = {
	{ "WORKBOOK_EXERCISES", "folder of the units, as with --exercises." },
	{ "WORKBOOK_ACCEL", "kvm or tcg instead of what a trial boot says." },
	{ "WORKBOOK_MIRROR", "Debian mirror that images are built from." },
	{ "WORKBOOK_SNAPSHOTS_MB", "how much disk the snapshots may take." },
	{ "XDG_CACHE_HOME", "where images and snapshots go (~/.cache)." },
	{ "TMPDIR", "where images are built (/var/tmp)." },
	{ "PAGER", "what shows a text that fits no screen (less)." },
	{ "NO_COLOR", "no colour." },
};

void options__man(struct buf *out)
{
	buf__printf(out,
		    ".TH WORKBOOK 1\n.SH NAME\n"
		    "workbook \\- learn to move BCC tools to libbpf and CO\\-RE, on real kernels\n"
		    ".SH SYNOPSIS\n\\fBworkbook\\fR [\\fB\\-\\-exercises\\fR=\\fIDIR\\fR] "
		    "\\fICOMMAND\\fR [\\fIOPTION\\fR...]\n"
		    ".SH OPTIONS\nBefore the command:\n");
	add_man_options(out, global_options);
	buf__printf(out, ".SH COMMANDS\n");
	for (const struct command *c = __start_commands; c < __stop_commands; c++)
		add_man_command(out, c);
	buf__printf(out, ".SH EXIT STATUS\n0 matched or passed, 1 mismatch or failed, 2 usage or "
			 "set\\-up error.\n.SH ENVIRONMENT\n");
	for (size_t i = 0; i < ARRAY_SIZE(environment); i++) {
		buf__printf(out, ".TP\n\\fB%s\\fR\n", environment[i].name);
		add_roff(out, environment[i].doc, strlen(environment[i].doc));
		buf__printf(out, "\n");
	}
}

/* --- completion --- */

/* What the argument of an option or a command ("[KERNEL...|all]") can be: words for bash, which falls back to files,
 * and an action for zsh.
 */
static const struct value {
	const char *name, *bash, *zsh;
} values[] = {
	{ "K", "$kernels", "($kernels)" }, { "KERNEL", "$kernels", "($kernels)" },
	{ "UNIT", "$units", "($units)" },  { "SHELL", "bash zsh", "(bash zsh)" },
	{ "FILE", "", "_files" },	   { "DIR", "", "_files" },
	{ "SUBMISSION", "", "_files" },	   { "", "", "" },
};

static const struct value *value_of(const char *doc)
{
	const struct value *v = values;

	doc += strspn(doc, "[");
	while (*v->name &&
	       (!text__starts(doc, strlen(doc), v->name) || isupper(doc[strlen(v->name)])))
		v++;
	return v;
}

static void add_kernels(struct buf *out)
{
	cleanup_strings struct strings names = { 0 };

	kernels__choose(&names, "all");
	for (size_t i = 0; i < names.count; i++)
		buf__printf(out, "%s ", names.items[i]);
	buf__printf(out, "all");
}

static void add_words(struct buf *out, const struct argp_option *options)
{
	const struct argp_option *o;
	size_t i = 0;

	while ((o = next_option(options, &i)))
		buf__printf(out, "--%s%s ", o->name, o->arg ? "=" : "");
	buf__printf(out, "--help");
}

/* What may stand behind the options that take something. */
static void add_bash_values(struct buf *out, const struct argp_option *options)
{
	const struct argp_option *o;
	size_t i = 0;

	while ((o = next_option(options, &i))) {
		if (!o->arg)
			continue;
		buf__printf(out, "\t\t--%s", o->name);
		if (isascii(o->key) && isalnum(o->key))
			buf__printf(out, " | -%c", o->key);
		buf__printf(out, ") options=\"%s\" ;;\n", value_of(o->arg)->bash);
	}
}

static void add_bash_case(struct buf *out, const char *pattern, const struct argp_option *options,
			  const char *words)
{
	buf__printf(out, "\t%s)\n\t\tcase $before in\n", pattern);
	add_bash_values(out, options);
	buf__printf(out, "\t\t*) options=\"");
	add_words(out, options);
	buf__printf(out, " %s\" ;;\n\t\tesac ;;\n", words);
}

/* Bash takes the "=" of --option=VALUE for a word. The command is "" as long as it is not written. */
static void add_bash(struct buf *out)
{
	buf__printf(out,
		    "# bash completion for workbook: source <(./workbook completion bash)\n"
		    "_workbook()\n{\n"
		    "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
		    "\tlocal at=1 options= command= root units kernels='");
	add_kernels(out);
	buf__printf(out, "' commands='");
	for (const struct command *c = __start_commands; c < __stop_commands; c++)
		buf__printf(out, "%s ", c->name);
	buf__printf(out, "'\n"
			 "\troot=$(dirname \"$(command -v -- \"${COMP_WORDS[0]}\")\")\n"
			 "\tif [ \"$word\" = = ]; then\n\t\tword=\n"
			 "\telif [ \"$before\" = = ]; then\n"
			 "\t\tbefore=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n"
			 "\tif [ \"${COMP_WORDS[1]}\" = --exercises ]; then\n"
			 "\t\t[ \"${COMP_WORDS[2]}\" = = ] && at=4 || at=3\n"
			 "\t\troot=${COMP_WORDS[at-1]}\n\tfi\n"
			 "\t[ \"$at\" -ge \"$COMP_CWORD\" ] || command=${COMP_WORDS[at]}\n"
			 "\tunits=$(cd \"$root/exercises\" 2>/dev/null && ls)\n"
			 "\tcase $command in\n");
	add_bash_case(out, "''", global_options, "$commands");
	for (const struct command *c = __start_commands; c < __stop_commands; c++)
		add_bash_case(out, c->name, options_of(c), value_of(args_doc(c))->bash);
	buf__printf(out, "\tesac\n"
			 "\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
			 "\t[[ ${COMPREPLY-} != *= ]] || compopt -o nospace\n}\n"
			 "complete -o nosort -o default -F _workbook workbook ./workbook\n");
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

static void add_zsh_options(struct buf *out, const struct argp_option *options)
{
	const struct argp_option *o;
	size_t i = 0;

	while ((o = next_option(options, &i))) {
		buf__printf(out, "'--%s%s[", o->name, o->arg ? "=" : "");
		add_zsh_text(out, o->doc);
		buf__printf(out, "]'");
		if (o->arg)
			buf__printf(out, "\":%s:%s\"", o->arg, value_of(o->arg)->zsh);
		buf__printf(out, " ");
	}
	buf__printf(out, "'--help[Tell about the command]'");
}

static void add_zsh(struct buf *out)
{
	buf__printf(out, "#compdef workbook\n"
			 "# zsh completion for workbook: source <(./workbook completion zsh)\n"
			 "_workbook()\n{\n"
			 "\tlocal root=${words[1]:h} units kernels='");
	add_kernels(out);
	buf__printf(out, "' curcontext=$curcontext state line\n"
			 "\tlocal -A opt_args\n\tlocal -a commands=(");
	for (const struct command *c = __start_commands; c < __stop_commands; c++) {
		buf__printf(out, "\n\t\t'%s:", c->name);
		add_zsh_text(out, c->summary);
		buf__printf(out, "'");
	}
	buf__printf(out, ")\n\t_arguments -C ");
	add_zsh_options(out, global_options);
	buf__printf(out, " '1:command:->command' '*::argument:->argument'\n"
			 "\t[[ $state != command ]] || _describe command commands\n"
			 "\t[[ $state == argument ]] || return\n"
			 "\troot=${opt_args[--exercises]:-$root}\n"
			 "\tunits=$(cd \"$root/exercises\" 2>/dev/null && ls)\n"
			 "\tcase $line[1] in\n");
	for (const struct command *c = __start_commands; c < __stop_commands; c++) {
		const struct value *v = value_of(args_doc(c));

		buf__printf(out, "\t%s) _arguments ", c->name);
		add_zsh_options(out, options_of(c));
		if (*v->zsh)
			buf__printf(out, " \"*:%s:%s\"", v->name, v->zsh);
		buf__printf(out, " ;;\n");
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
