// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "check.h"
#include "command.h"
#include "image.h"
#include "interrupt.h"
#include "pool.h"
#include "result.h"

struct check {
	const struct check_options *options;
	const struct unit *unit;
	struct subject subject;
	struct exercise exercise;
	struct strings kernels; /* of the round that runs now */
	struct strings passed;
	json_t *runs;
	char *outcome, *reason; /* of the first run that did not match */
	int worst;
};

/* --- a kernel, in a process of its own --- */

/* A child hands its result over as JSON behind what it shows: one line, the last. */
static int run_kernel(void *ctx, size_t i)
{
	const struct check *c = ctx;
	const char *kernel = c->kernels.items[i];
	cleanup_free char *text = NULL;
	struct image *image = NULL;
	struct result result;
	struct run run;
	json_t *json;
	int code, err = image__get(kernel, &image);

	if (!err)
		err = subject__run(&c->subject, image, c->options->seed, NULL, &run);
	image__free(image);
	if (err)
		return EXIT_SETUP;
	result__init(&result, &c->subject, kernel, c->options->seed, &run);
	code = result__exit_code(&result);
	/* Once it has passed somewhere, a match needs no tables. */
	if (code == EXIT_MATCH && c->passed.count)
		printf("%smatch%s on %s\n", colour(stderr, C_GREEN), colour(stderr, C_OFF), kernel);
	else
		result__print(stdout, &result, false);
	json = result__json(&result);
	json_object_set_new(json, "reason", json_string(result__reason(&result)));
	text = json_dumps(json, JSON_COMPACT);
	printf("%s\n", text ? text : "");
	json_decref(json);
	result__free(&result);
	run__clear(&run);
	return code;
}

static void take_json(struct check *c, const char *line, size_t kernel, int code)
{
	json_t *run = json_loads(line, 0, NULL);
	const char *outcome = json_string_value(json_object_get(run, "outcome"));
	const char *reason = json_string_value(json_object_get(run, "reason"));

	if (code == EXIT_MATCH)
		strings__add(&c->passed, xstrdup(c->kernels.items[kernel]));
	else if (!c->outcome)
		c->outcome = xstrdup(outcome ? outcome : "setup");
	if (code != EXIT_MATCH && !c->reason && reason)
		c->reason = xstrdup(reason);
	if (run)
		json_array_append_new(c->runs, run);
}

static void show_kernel(void *ctx, size_t i, int code, const struct buf *printed)
{
	struct check *c = ctx;
	size_t end = printed->len, start;

	while (end && printed->data[end - 1] == '\n')
		end--;
	start = end;
	while (start && printed->data[start - 1] != '\n')
		start--;
	c->worst = code > c->worst ? code : c->worst;
	take_json(c, printed->data + start, i, code);
	if (!c->options->json)
		fwrite(printed->data, 1, start, stdout);
	fflush(stdout);
}

/* --- rounds --- */

static int run_round(struct check *c)
{
	const struct pool pool = { .job = run_kernel, .done = show_kernel, .ctx = c };

	return pool__run(&pool, c->kernels.count, c->options->jobs);
}

/* The newest kernel first: a mistake shows there as well as on four, and sooner. */
static int run_rounds(struct check *c)
{
	const struct strings *chosen = c->options->kernels;
	struct strings all = { 0 };
	int err;

	kernels__choose(&all, "all");
	if (chosen->count) {
		for (size_t i = 0; i < chosen->count; i++)
			strings__add(&c->kernels, xstrdup(chosen->items[i]));
		strings__free(&all);
		return run_round(c);
	}
	strings__add(&c->kernels, xstrdup(all.items[all.count - 1]));
	err = run_round(c);
	if (!err && c->worst == EXIT_MATCH) {
		strings__free(&c->kernels);
		for (size_t i = 0; i + 1 < all.count; i++)
			strings__add(&c->kernels, xstrdup(all.items[i]));
		err = run_round(c);
	}
	strings__free(&all);
	return err;
}

/* --- progress --- */

static void replace(char **text, const char *with)
{
	free(*text);
	*text = with ? xstrdup(with) : NULL;
}

static void note(struct progress *p, void *ctx)
{
	const struct check *c = ctx;

	/* Passes of an older text say nothing about this one. */
	if (!p->text || strcmp(p->text, c->exercise.text))
		strings__free(&p->passed);
	replace(&p->text, c->exercise.text);
	for (size_t i = 0; i < c->passed.count; i++)
		if (!strings__has(&p->passed, c->passed.items[i]))
			strings__add(&p->passed, xstrdup(c->passed.items[i]));
	strings__sort(&p->passed);
	replace(&p->failed, c->outcome);
	replace(&p->cause, c->reason);
}

static void say_verdict(const struct check *c)
{
	cleanup_exercise struct exercise now = { 0 };

	if (c->options->json || exercise__load(&now, c->unit))
		return;
	if (now.state == EXERCISE_PASSED && !c->outcome)
		printf("\n%s%s passed%s on all kernels. `./workbook solution %s` shows ours.\n",
		       colour(stdout, C_GREEN), c->unit->name, colour(stdout, C_OFF),
		       c->unit->number);
	else if (c->worst == EXIT_SETUP)
		printf("\nno verdict: the set-up failed on a kernel, see above; check again\n");
	else if (c->outcome && c->passed.count)
		printf("\n%snot passed%s: it matches on %zu kernel%s, not on all.\n",
		       colour(stdout, C_RED), colour(stdout, C_OFF), c->passed.count,
		       c->passed.count > 1 ? "s" : "");
	else if (!c->outcome)
		printf("\nit matches here; `./workbook check %s` goes on to the other kernels\n",
		       c->unit->number);
	else
		printf("\n%snot passed%s yet. `./workbook hint %s` helps further.\n",
		       colour(stdout, C_RED), colour(stdout, C_OFF), c->unit->number);
}

static void print_json(const struct check *c, const char *compiler)
{
	cleanup_free char *text = NULL;
	json_t *whole = json_pack("{s:i, s:s, s:b, s:s, s:O}", "version", 1, "unit", c->unit->name,
				  "built", !c->outcome || strcmp(c->outcome, "build"), "compiler",
				  compiler, "runs", c->runs);

	text = json_dumps(whole, JSON_INDENT(2));
	puts(text ? text : "{}");
	json_decref(whole);
}

/* --- */

static int build(struct check *c, struct buf *compiler)
{
	int64_t start = now_ms();
	int err;

	say("building %s", c->subject.program);
	err = subject__build(&c->subject, compiler);
	if (err > 0) {
		c->outcome = xstrdup("build");
		c->reason = xstrdup("it does not compile");
		c->worst = EXIT_MISMATCH;
	}
	if (!c->options->json && compiler->len)
		fputs(compiler->data, stdout);
	if (!c->options->json && err >= 0)
		printf(err ? "%s does not compile (%.1f s); mend the first error above\n"
			   : "%s built in %.1f s\n",
		       err ? c->unit->name : c->subject.source_name, (now_ms() - start) / 1000.0);
	fflush(stdout);
	return err;
}

static void free_check(struct check *c)
{
	subject__free(&c->subject);
	exercise__free(&c->exercise);
	strings__free(&c->kernels);
	strings__free(&c->passed);
	json_decref(c->runs);
	free(c->outcome);
	free(c->reason);
}

int check__exercise(const struct unit *unit, const struct check_options *options)
{
	struct check c = { .options = options, .unit = unit, .runs = json_array() };
	cleanup_buf struct buf compiler = { 0 };
	int err;

	say_waits = true;
	buf__add(&compiler, "", 0);
	err = subject__init(&c.subject, unit, SUBJECT_EXERCISE, NULL);
	if (!err)
		err = exercise__load(&c.exercise, unit);
	if (!err)
		err = build(&c, &compiler);
	if (!err)
		err = run_rounds(&c);
	/* The BCC side's failure is not the learner's. */
	if (err >= 0 && c.worst != EXIT_SETUP && progress__update(unit->name, note, &c))
		err = -EIO;
	if (err >= 0)
		say_verdict(&c);
	if (err >= 0 && options->json)
		print_json(&c, compiler.data);
	free_check(&c);
	return err < 0 ? EXIT_SETUP : c.worst;
}
