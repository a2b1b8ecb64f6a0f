// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <jansson.h>
#include <string.h>

#include "command.h"
#include "exercise.h"

static const char *const state_names[] = {
	[EXERCISE_UNTOUCHED] = "untouched",
	[EXERCISE_STARTED] = "started",
	[EXERCISE_PASSED] = "passed",
};

enum { BESIDE = 10 }; /* column behind the state */

struct args {
	bool json;
	bool show[ARRAY_SIZE(state_names)], filtered;
};

static const struct argp_option options[] = {
	{ "passed", 'p', NULL, 0, "Only exercises that have passed on all kernels", 0 },
	{ "started", 's', NULL, 0, "Only those begun and not passed", 0 },
	{ "untouched", 'u', NULL, 0, "Only those not begun", 0 },
	{ "json", 'J', NULL, 0, "As JSON", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg __maybe_unused, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'p':
	case 's':
	case 'u':
		a->show[key == 'p'   ? EXERCISE_PASSED
			: key == 's' ? EXERCISE_STARTED
				     : EXERCISE_UNTOUCHED] = true;
		a->filtered = true;
		return 0;
	case 'J':
		a->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "List the units: title, how far your exercise is, on which kernels it has passed, "
	       "and the points "
	       "it is worth when graded.",
};

static unsigned points(const struct front *front)
{
	unsigned sum = 0;

	for (size_t i = 0; i < POINTS; i++)
		sum += front->points[i];
	return sum;
}

/* The kernels, or "-". The caller's. */
static char *join(const struct strings *s)
{
	cleanup_buf struct buf b = { 0 };

	for (size_t i = 0; i < s->count; i++)
		buf__printf(&b, "%s%s", i ? " " : "", s->items[i]);
	return xstrdup(s->count ? b.data : "-");
}

/* The state in its colour, the rest beside it. */
static void print_row(const struct exercise *e, const struct front *front)
{
	static const enum colour colours[] = { C_DIM, C_YELLOW, C_GREEN };
	cleanup_free char *kernels = join(&e->progress.passed);
	cleanup_free char *rest =
		xprintf("%*s%-20s %2u points  %s\n%*s%s%s", BESIDE, "", e->unit->name,
			points(front), kernels, BESIDE, "", front->title ? front->title : "",
			e->edited ? " (edited)" : "");
	cleanup_buf struct buf text = { 0 };

	text__wrap(&text, rest, strlen(rest), row_width());
	printf("%s%-*s%s%s", colour(stdout, colours[e->state]), BESIDE, state_names[e->state],
	       colour(stdout, C_OFF), text.data + BESIDE);
}

static json_t *json_row(const struct exercise *e, const struct front *front)
{
	json_t *kernels = json_array();

	for (size_t i = 0; i < e->progress.passed.count; i++)
		json_array_append_new(kernels, json_string(e->progress.passed.items[i]));
	return json_pack("{s:s, s:s?, s:s, s:b, s:i, s:i, s:o}", "unit", e->unit->name, "title",
			 front->title, "state", state_names[e->state], "edited", e->edited,
			 "points", (int)points(front), "hints", (int)e->progress.hints, "passed",
			 kernels);
}

static int list(const struct args *a, json_t *rows)
{
	cleanup_units struct units units = { 0 };
	int err = units__load(&units, units_root());

	for (size_t i = 0; i < units.count && !err; i++) {
		cleanup_free char *readme = xprintf("%s/README.md", units.items[i].exercise);
		cleanup_exercise struct exercise e = { 0 };
		cleanup_front struct front front = { 0 };

		err = exercise__load(&e, &units.items[i]);
		if (!err)
			err = front__read(&front, readme);
		if (err || (a->filtered && !a->show[e.state]))
			continue;
		if (a->json)
			json_array_append_new(rows, json_row(&e, &front));
		else
			print_row(&e, &front);
	}
	return err;
}

COMMAND(list, "list the units and how far you are", &argp)
{
	json_t *whole = json_pack("{s:i, s:[]}", "version", 1, "units");
	struct args args = { 0 };
	int err;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	err = list(&args, json_object_get(whole, "units"));
	if (!err && args.json) {
		cleanup_free char *text = json_dumps(whole, JSON_INDENT(2));

		puts(text ? text : "{}");
	}
	json_decref(whole);
	return err ? EXIT_SETUP : EXIT_MATCH;
}
