// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <argp.h>
#include <langinfo.h>
#include <signal.h>
#include <string.h>

#include "columns.h"
#include "options.h"
#include "unit.h"

enum { NARROW = 80, DEFAULT_WIDTH = 120, PROSE_WIDTH = 100 };

struct options {
	const char *unit, *section;
	bool exercise, spoil, plain;
	int width; /* 0: the terminal's */
};

/* One meaning, shown on both sides. */
struct row {
	const char *name;
	const char *why; /* or NULL */
};

struct diff {
	struct options options;
	struct buf chapter;
	struct fences fences;
	struct parts bcc, libbpf;
	struct row *rows; /* in the order in which they are taught */
	size_t count;
	const char *rule, *bar; /* what lines are drawn with */
	const char *bold, *dim, *off;
};

/* --- options --- */

static const struct argp_option opts[] = {
	{ "exercise", 'e', NULL, 0, "Show the exercise's prototype beside your files", 0 },
	{ "spoil", 's', NULL, 0, "Show the exercise's prototype beside the solution", 0 },
	{ "section", 'n', "NAME", 0, "Show one section only, like maps or probe", 0 },
	{ "width", 'w', "N", 0, "Use N columns; below 80, libbpf stands under BCC", 0 },
	{ "plain", 'p', NULL, 0, "No pager, no colour", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 's':
		o->spoil = true; /* only an exercise has something to spoil */
				 /* fall through */
	case 'e':
		o->exercise = true;
		return 0;
	case 'n':
		if (!section__known(arg))
			argp_error(state, "--section: no section is called '%s'", arg);
		o->section = arg;
		return 0;
	case 'w':
		o->width = option__number(state, "--width", arg, 40, 1000);
		return 0;
	case 'p':
		o->plain = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->unit)
			argp_error(state, "one unit at a time");
		o->unit = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which unit? Name one, like 01");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.args_doc = "UNIT",
	.doc = "Show a BCC tool and its libbpf twin side by side, section by section.\v"
	       "Example: `workbook diff 01 --section maps` shows how the maps of unit 01 are "
	       "declared in both.\n\n"
	       "Kernel side means code that runs as BPF, user side the program that loads it.",
};

/* --- what to show --- */

static int read_exercise(struct diff *d, const char *root, const struct unit *u)
{
	cleanup_free char *prototype = xprintf("%s/prototype.py", u->exercise);
	int err = unit__add_file(&d->bcc, root, prototype);

	if (err)
		return err;
	return unit__add_sources(&d->libbpf, root, u, d->options.spoil ? u->solution : u->exercise);
}

static int read_sources(struct diff *d, const char *root, const struct unit *u)
{
	int err;

	if (d->options.exercise) {
		err = read_exercise(d, root, u);
	} else {
		err = unit__add_file(&d->bcc, root, u->bcc);
		if (!err)
			err = unit__add_sources(&d->libbpf, root, u, u->libbpf);
	}
	if (!err)
		return 0;
	return err_msg("%s: sources: %s; bring them back, as with `git checkout`", u->name,
		       strerror(-err));
}

static bool has_row(const struct diff *d, const char *name)
{
	for (size_t i = 0; i < d->count; i++)
		if (!strcmp(d->rows[i].name, name))
			return true;
	return false;
}

static void add_row(struct diff *d, const char *name, const char *why)
{
	const char *only = d->options.section;

	if (has_row(d, name) || (only && strcmp(only, name)))
		return;
	if (!parts__has(&d->bcc, name) && !parts__has(&d->libbpf, name))
		return;
	d->rows = xrealloc(d->rows, d->count + 1, sizeof(*d->rows));
	d->rows[d->count++] = (struct row){ name, why };
}

/* The chapter's rows come first, in its order; its reasons are about the pair. */
static void add_rows(struct diff *d)
{
	for (size_t i = 0; i < d->fences.count; i++) {
		struct fence *fence = &d->fences.items[i];

		if (!fence__is_compare(fence))
			continue;
		fence->argument[strcspn(fence->argument, " \t")] = '\0';
		add_row(d, fence->argument, d->options.exercise ? NULL : fence->why);
	}
	for (size_t i = 0; i < d->bcc.count; i++)
		add_row(d, d->bcc.items[i].name, NULL);
	for (size_t i = 0; i < d->libbpf.count; i++)
		add_row(d, d->libbpf.items[i].name, NULL);
}

/* --- layout --- */

static const char *label_of(const struct part *part)
{
	size_t len = strlen(part->file);

	if (text__ends(part->file, len, ".py"))
		return part->side == SIDE_KERNEL ? "kernel side, C" : "user side, Python";
	if (text__ends(part->file, len, ".h"))
		return "both sides, C";
	return part->side == SIDE_KERNEL ? "kernel side, C" : "user side, C";
}

/* Which sides have parts of that name, as bits. */
static unsigned sides_of(const struct parts *parts, const char *name)
{
	unsigned sides = 0;

	for (size_t i = 0; i < parts->count; i++)
		if (!strcmp(parts->items[i].name, name))
			sides |= 1u << parts->items[i].side;
	return sides;
}

static void fill(struct column *column, const struct parts *parts, const char *name, unsigned sides)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->items[i];
		cleanup_free char *label =
			xprintf("%s (%s)", strrchr(part->file, '/') + 1, label_of(part));
		cleanup_buf struct buf text = { 0 };

		if (strcmp(part->name, name) || !(sides & 1u << part->side))
			continue;
		if (column->count)
			column__add(column, "");
		column__add(column, label);
		text__dedent(&text, part->text);
		if (text.len)
			column__add_source(column, text.data, part->line);
	}
}

/* Beside each other, or above each other where the terminal is too narrow for that. */
static bool is_narrow(const struct diff *d)
{
	return d->options.width < NARROW;
}

static struct column new_column(const struct diff *d)
{
	int width = d->options.width;

	return (struct column){ .width = is_narrow(d) ? width : (width - 3) / 2,
				.dim = d->dim,
				.off = d->off };
}

static void print_columns(const struct diff *d, const struct column *left,
			  const struct column *right, struct buf *out)
{
	cleanup_free char *bar = xprintf(" %s%s%s ", d->dim, d->bar, d->off);

	if (!is_narrow(d)) {
		columns__print(left, right, bar, out);
	} else {
		column__print(left, out);
		buf__add(out, "\n", 1);
		column__print(right, out);
	}
	buf__add(out, "\n", 1);
}

/* Prints the parts of `sides` (bits). */
static void print_block(const struct diff *d, const char *name, unsigned sides, struct buf *out)
{
	cleanup_column struct column left = new_column(d), right = new_column(d);

	fill(&left, &d->bcc, name, sides);
	fill(&right, &d->libbpf, name, sides);
	if (!sides_of(&d->bcc, name))
		column__add(&left, "BCC: nothing");
	if (!sides_of(&d->libbpf, name))
		column__add(&right, "libbpf: nothing");
	print_columns(d, &left, &right, out);
}

static void print_rule(const struct diff *d, const char *title, struct buf *out)
{
	buf__printf(out, "%s%s%s %s", d->bold, title, d->off, d->dim);
	for (int i = strlen(title) + 1; i < d->options.width; i++)
		buf__printf(out, "%s", d->rule);
	buf__printf(out, "%s\n", d->off);
}

static bool is_in_code(const char *text, const char *at)
{
	bool code = false;

	for (; text < at; text++)
		code ^= *text == '`';
	return code;
}

/* "[text](target)" becomes "text", in place: in a terminal, nobody can follow the link. */
static void drop_links(char *text)
{
	char *from = text, *target, *open, *end;

	while ((target = strstr(from, "](")) && (end = strchr(target, ')'))) {
		from = target + 1;
		if (is_in_code(text, target))
			continue;
		*target = '\0';
		open = strrchr(text, '[');
		if (open)
			memmove(open, open + 1, target-- - open);
		memmove(target, end + 1, strlen(end + 1) + 1);
		from = target;
	}
}

static void print_prose(const struct diff *d, const char *text, struct buf *out)
{
	int width = d->options.width < PROSE_WIDTH ? d->options.width : PROSE_WIDTH;
	cleanup_column struct column prose = { .width = width, .dim = "", .off = "" };
	cleanup_free char *plain = xstrdup(text);

	drop_links(plain);
	column__add(&prose, plain);
	column__print(&prose, out);
	buf__add(out, "\n", 1);
}

/* Kernel side meets kernel side; where each tool has the other's side only, these two meet. */
static void print_row(const struct diff *d, const struct row *row, struct buf *out)
{
	unsigned left = sides_of(&d->bcc, row->name), right = sides_of(&d->libbpf, row->name);
	bool apart = left && right && !(left & right);

	print_rule(d, row->name, out);
	if (row->why && *row->why)
		print_prose(d, row->why, out);
	if (apart) {
		print_block(d, row->name, left | right, out);
		return;
	}
	for (enum side side = 0; side < SIDES; side++)
		if ((left | right) & 1u << side)
			print_block(d, row->name, 1u << side, out);
}

/* Which files stand on which side. */
static void print_legend(const struct diff *d, const struct unit *u, struct buf *out)
{
	const char *folder = !d->options.exercise ? "libbpf"
			     : d->options.spoil	  ? "solutions"
						  : "exercises";
	cleanup_free char *bcc = xprintf("BCC: %s", d->bcc.count ? d->bcc.items[0].file : "");
	cleanup_free char *libbpf = xprintf("libbpf: %s/%s", folder, u->name);
	cleanup_column struct column left = new_column(d), right = new_column(d);

	column__add(&left, bcc);
	column__add(&right, libbpf);
	print_columns(d, &left, &right, out);
}

static void print_title(const struct diff *d, const struct unit *u, struct buf *out)
{
	cleanup_free char *readme = xprintf("%s/README.md", u->exercise), *error = NULL;
	cleanup_column struct column column = { .width = d->options.width,
						.dim = d->bold,
						.off = d->off };
	cleanup_front struct front front = { 0 };
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *title = NULL;

	if (!file__read(d->options.exercise ? readme : u->chapter, &text))
		front__parse(&front, u->name, text.data, text.len, &error);
	title = xprintf("%s%s%s", u->name, front.title ? ": " : "", front.title ? front.title : "");
	column__add(&column, title);
	column__print(&column, out);
	buf__add(out, "\n", 1);
}

static void print_diff(const struct diff *d, const struct unit *u, struct buf *out)
{
	print_title(d, u, out);
	print_legend(d, u, out);
	for (size_t i = 0; i < d->count; i++)
		print_row(d, &d->rows[i], out);
}

/* --- terminal --- */

static void set_style(struct diff *d)
{
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	bool plain = d->options.plain;

	d->rule = utf8 ? "─" : "-";
	d->bar = utf8 ? "│" : "|";
	d->bold = plain ? "" : colour(stdout, C_BOLD);
	d->dim = plain ? "" : colour(stdout, C_DIM);
	d->off = plain ? "" : colour(stdout, C_OFF);
	if (!d->options.width)
		d->options.width = terminal_width(DEFAULT_WIDTH);
}

/* Shows the text through $PAGER. Returns false when there is no pager to show it. Ctrl-C is the pager's, which may
 * go on: this process and the shell between them outlive it.
 */
static bool page(const struct buf *out)
{
	const char *pager = getenv("PAGER");
	cleanup_free char *command = xprintf("trap : INT; %s", pager && *pager ? pager : "less -R");
	void (*saved)(int);
	int status;
	FILE *f;

	setenv("LESS", "FRX", 0); /* less alone: leave when it fits on a screen, show colours */
	f = popen(command, "we");
	if (!f)
		return false;
	saved = signal(SIGINT, SIG_IGN);
	fwrite(out->data, 1, out->len, f);
	status = pclose(f);
	signal(SIGINT, saved);
	return status != 127 << 8;
}

static void show(const struct diff *d, const struct buf *out)
{
	signal(SIGPIPE, SIG_IGN); /* who closes a pager or a pipe has seen enough */
	if (!d->options.plain && isatty(STDOUT_FILENO) && page(out))
		return;
	fwrite(out->data, 1, out->len, stdout);
}

static void free_diff(struct diff *d)
{
	buf__free(&d->chapter);
	fences__free(&d->fences);
	parts__free(&d->bcc);
	parts__free(&d->libbpf);
	free(d->rows);
}

COMMAND(diff, "show a BCC tool and its libbpf twin side by side", &argp)
{
	__attribute__((cleanup(free_diff))) struct diff d = { 0 };
	cleanup_unit struct unit u = { 0 };
	cleanup_buf struct buf out = { 0 };
	const char *root = units_root();

	argv[0] = "workbook diff";
	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &d.options);
	if (unit__find(&u, root, d.options.unit))
		return EXIT_SETUP;
	if (strcmp(root, project_root())) /* no folder but the project has pairs */
		d.options.exercise = true;
	if (read_sources(&d, root, &u))
		return EXIT_SETUP;
	if (!file__read(u.chapter, &d.chapter)) /* without it: no reasons, the files' order */
		fences__parse(&d.fences, d.chapter.data, d.chapter.len);
	add_rows(&d);
	if (!d.count) {
		err_msg("%s: no section to show; see `workbook diff %s`", u.name, u.number);
		return EXIT_SETUP;
	}
	set_style(&d);
	print_diff(&d, &u, &out);
	show(&d, &out);
	return EXIT_MATCH;
}
