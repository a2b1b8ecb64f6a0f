// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "declared.h"
#include "grade.h"
#include "image.h"
#include "result.h"
#include "rows.h"
#include "similar.h"
#include "verifier.h"

enum {
	LOG_LINES = 12,
	STDERR_MAX = 1000,
	SHOWN_MAX = 8000,     /* of it, once it is plain text */
	SENTENCE_MAX = 1000,  /* of how a run ended, which flags quote */
	FEEDBACK_MAX = 36000, /* of an item */
};

/* From here on, two texts are told to be alike. */
#define ALIKE 0.9

/* An item of the rubric: which share of it was reached, and what a learner is told. */
struct item {
	unsigned done, of;
	struct buf said;
};

/* What is seen of one exercise. */
struct card {
	const struct grade_options *options;
	const struct handed_in *handed_in;
	struct front front;
	struct item item[POINTS];
	unsigned matched; /* runs whose rows are right */
	bool judged;
	char *tampering;     /* what was seen of it, or NULL */
	char *failure;	     /* why the last run gave no verdict, or NULL */
	const char *outcome; /* of the first run that was no match */
};

void grade__seeds(uint64_t seed, uint64_t out[GRADE_SEEDS])
{
	/* splitmix64, cut to the length that a person can still type */
	for (int i = 0; i < GRADE_SEEDS; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		out[i] = (z ^ z >> 31) >> 32;
	}
}

/* What comes from a guest or an object is as long as somebody wanted it to be. The cut may go through a character. */
static char *bounded(const char *text, size_t max)
{
	cleanup_buf struct buf visible = { 0 };
	size_t len = strnlen(text, max + 1);

	buf__add(&visible, "", 0);
	text__visible_lines(&visible, (struct text){ text, len > max ? max : len });
	if (len > max)
		buf__printf(&visible, " ...");
	return steal_ptr(visible.data);
}

/* --- a run --- */

static void count(struct item *item, bool good)
{
	item->done += good;
	item->of++;
}

/* Once per item: the first failure says most, and feedback must stay short. */
static bool first_of(const struct item *item)
{
	return !item->said.len;
}

/* What the program wrote on standard error: the verifier's log, or its end. */
static void add_stderr(struct buf *b, const struct result *r)
{
	const struct buf *err = &r->run->libbpf.err;
	cleanup_buf struct buf source = { 0 }, text = { 0 }, shown = { 0 };
	cleanup_free char *cut = NULL;
	size_t skip = err->len > STDERR_MAX ? err->len - STDERR_MAX : 0;

	if (!err->len)
		return;
	buf__add(&source, "", 0);
	file__read(r->subject->source, &source);
	if (!verifier__excerpt(err->data, r->subject->source_name, source.data, LOG_LINES, &text))
		buf__add(&text, err->data + skip, err->len - skip);
	for (struct lines l = lines_of(text.data, text.len); lines__next(&l);) {
		buf__printf(&shown, "    ");
		text__visible(&shown, (struct text){ l.line, l.len });
		buf__printf(&shown, "\n");
	}
	cut = bounded(shown.data ? shown.data : "", SHOWN_MAX);
	buf__printf(b, "%s", cut);
}

static void note_loads(struct card *c, const struct result *r, bool ready)
{
	struct item *item = &c->item[POINT_LOADS];

	count(item, ready);
	if (ready || !first_of(item))
		return;
	buf__printf(&item->said, "on %s: %s\n", r->kernel, result__reason(r));
	add_stderr(&item->said, r);
}

static void note_matches(struct card *c, const struct result *r)
{
	struct item *item = &c->item[POINT_MATCHES];
	/* How it ended, if not well, says why rows are missing. */
	const char *why = r->run->why;
	size_t i = !why && r->report.nr_messages;

	count(item, r->report.rows_match);
	c->matched += r->report.rows_match;
	if (r->report.rows_match || !first_of(item))
		return;
	buf__printf(&item->said, "on %s, seed %llu: %s\n", r->kernel, (unsigned long long)r->seed,
		    why ? why
		    : i ? r->report.message[0]
			: result__reason(r));
	for (; i < r->report.nr_messages; i++)
		buf__printf(&item->said, "    %s\n", r->report.message[i]);
	if (r->report.cause)
		buf__printf(&item->said, "    likely cause: %s\n", r->report.cause);
	buf__printf(&item->said, "    again: ./workbook check %s --kernel %s --seed %llu\n",
		    r->subject->unit->number, r->kernel, (unsigned long long)r->seed);
}

static void note_lost(struct card *c, const struct result *r)
{
	struct item *item = &c->item[POINT_LOST];
	long lost = r->run->libbpf.lost;

	count(item, !lost);
	if (lost && first_of(item))
		buf__printf(&item->said, "on %s: %ld events lost, as it says itself\n", r->kernel,
			    lost);
}

static void note_exits(struct card *c, const struct result *r)
{
	struct item *item = &c->item[POINT_EXITS];
	const struct program_state *s = &r->run->libbpf.state;
	bool clean = s->exited && !s->status && !r->run->left.len;

	count(item, clean);
	if (!clean && first_of(item))
		buf__printf(&item->said, "on %s: %s\n", r->kernel, result__reason(r));
}

/* The object is the same on all kernels: once is enough. */
static void note_object(struct card *c, const struct result *r)
{
	struct item *item = &c->item[POINT_OBJECT];

	if (item->of)
		return;
	for (size_t i = 0; i < r->report.nr_needs; i++) {
		count(item, r->report.need[i].ok);
		if (!r->report.need[i].ok)
			buf__printf(&item->said, "not met: %s\n", r->report.need[i].text);
	}
	if (!item->of) /* nothing is asked of it */
		count(item, true);
}

static void bound_why(struct run *r)
{
	cleanup_free char *whole = r->why;

	r->why = whole ? bounded(whole, SENTENCE_MAX) : NULL;
}

/* One seed on one kernel. Returns whether the program got ready, or -errno when there was no verdict. */
static int judge_run(struct card *c, const struct subject *subject, const struct image *image,
		     uint64_t seed, const char *tags)
{
	struct result result;
	struct run run;
	int ready = 0, err = subject__run(subject, image, seed, tags, &run);

	free(c->failure);
	c->failure = err ? xstrdup("the guest stops answering") : NULL;
	if (err)
		return err;
	bound_why(&run);
	result__init(&result, subject, image->kernel, seed, &run);
	if (run.outcome != OUT_MATCH && !c->outcome)
		c->outcome = outcome__name(run.outcome);
	if (run.outcome == OUT_SETUP) {
		c->failure = xstrdup(run.why);
		err = -ECHILD;
	} else if (run.outcome == OUT_TAMPER) {
		c->tampering = xprintf("on %s: %s", image->kernel, run.why);
	} else {
		ready = run.libbpf.state.ready_ms >= 0;
		note_loads(c, &result, ready);
		note_matches(c, &result);
		if (ready) {
			note_lost(c, &result);
			note_exits(c, &result);
			note_object(c, &result);
		}
	}
	result__free(&result);
	run__clear(&run);
	return err ? err : ready;
}

/* What fails twice with the submission, and not without it, fails because of it. */
static int blame(struct card *c, const struct subject *subject, const struct image *image,
		 uint64_t seed)
{
	struct run run = { 0 };
	int err = subject__run_alone(subject, image, seed, &run);

	if (!err && run.outcome == OUT_SETUP)
		err = err_msg("%s on %s: %s", subject->unit->name, image->kernel, run.why);
	if (!err)
		c->tampering = xprintf("on %s: beside it, and not without it: %s", image->kernel,
				       c->failure);
	run__clear(&run);
	return err;
}

static int judge_kernel(struct card *c, const struct subject *subject, const char *kernel,
			const char *object)
{
	cleanup_buf struct buf tags = { 0 };
	struct image *image = NULL;
	int ready = image__get(kernel, &image);

	if (!ready)
		ready = declared__tags(image, object, &tags);
	for (int i = 0; i < GRADE_SEEDS && ready >= 0 && !c->tampering; i++) {
		uint64_t seed = c->options->seed[i];

		ready = judge_run(c, subject, image, seed, tags.data);
		if (ready < 0 && ready != -EINTR)
			ready = judge_run(c, subject, image, seed, tags.data);
		if (ready < 0 && ready != -EINTR)
			ready = blame(c, subject, image, seed);
		/* What does not load does not load for another seed either. */
		for (; !ready && i + 1 < GRADE_SEEDS; i++) {
			count(&c->item[POINT_LOADS], false);
			count(&c->item[POINT_MATCHES], false);
		}
	}
	image__free(image);
	return ready < 0 ? ready : 0;
}

static int judge(struct card *c)
{
	cleanup_subject struct subject subject = { 0 };
	cleanup_built struct built built = { .program = -1, .object = -1, .source = -1 };
	struct item *builds = &c->item[POINT_BUILDS];
	cleanup_free char *object = NULL;
	int err = sandbox__build(c->handed_in, &built);

	if (err)
		return err;
	/* Two halves: that it builds, and that no compiler has anything to say. */
	count(builds, built.ok);
	count(builds, built.ok && !built.messages.len);
	if (built.messages.len)
		buf__add(&builds->said, built.messages.data, built.messages.len);
	if (!built.ok) {
		c->outcome = "build";
		return 0;
	}
	err = subject__init_built(&subject, c->handed_in->unit, &built);
	object = xprintf("/proc/self/fd/%d", built.object);
	for (size_t i = 0; i < c->options->kernels->count && !err && !c->tampering; i++)
		err = judge_kernel(c, &subject, c->options->kernels->items[i], object);
	return err;
}

/* --- points --- */

static const char *const good[POINTS] = {
	[POINT_BUILDS] = "builds without warnings",
	[POINT_LOADS] = "loads and attaches on every kernel",
	[POINT_MATCHES] = "its rows are BCC's and the truth",
	[POINT_LOST] = "no event lost",
	[POINT_OBJECT] = "the object has what the task asks for",
	[POINT_EXITS] = "ends cleanly on SIGINT",
};

/* How a program ends and what it is made of counts once it does its job, be it for one seed. */
static bool counts(const struct card *c, enum point p)
{
	return c->judged && !c->tampering && (p <= POINT_MATCHES || c->matched);
}

static double score(const struct card *c, enum point p)
{
	const struct item *item = &c->item[p];

	if (!counts(c, p) || !item->of)
		return 0;
	return (double)((unsigned long)c->front.points[p] * item->done * 100 / item->of) / 100;
}

static char *feedback(const struct card *c, enum point p)
{
	const struct item *item = &c->item[p];

	if (c->tampering)
		return xstrdup("the guest was tampered with: no points; a person will look at it");
	if (!c->judged)
		return xstrdup("not judged: the grader failed, not the submission");
	if (!handed_in__any(c->handed_in))
		return xstrdup("not handed in");
	if (p != POINT_BUILDS && !c->item[POINT_BUILDS].done)
		return xstrdup("not run: it does not build");
	if (!counts(c, p))
		return xstrdup("not counted before a run's rows are right");
	if (item->of && item->done == item->of)
		return xstrdup(good[p]);
	if (p == POINT_LOADS || p == POINT_MATCHES || p == POINT_LOST || p == POINT_EXITS)
		return xprintf("%u of %u runs are good; %s", item->done, item->of,
			       item->said.data ? item->said.data : "");
	return xstrdup(item->said.data ? item->said.data : "");
}

static json_t *item_json(const struct card *c, enum point p)
{
	const char *unit = c->handed_in->unit->name;
	cleanup_free char *name = xprintf("%s %s", unit, point_names[p]);
	cleanup_free char *said = feedback(c, p), *output = bounded(said, FEEDBACK_MAX);
	double points = score(c, p);

	return json_pack("{s:s, s:s, s:s, s:f, s:i, s:s, s:s}", "name", name, "exercise", unit,
			 "item", point_names[p], "score", points, "max", (int)c->front.points[p],
			 "status", points >= c->front.points[p] ? "passed" : "failed", "output",
			 output);
}

static void card__free(struct card *c)
{
	for (int i = 0; i < POINTS; i++)
		buf__free(&c->item[i].said);
	front__free(&c->front);
	free(c->tampering);
	free(c->failure);
}

/* --- copies: noted for a person, never judged --- */

static void add_file(struct shingles *s, const char *path, const struct shingles *but)
{
	cleanup_buf struct buf text = { 0 };

	if (!file__read(path, &text))
		similar__add(s, text.data, text.len, but);
}

/* What the learner wrote, as hashes; `*solution` is how much of it stands in the public solution too. */
static void fingerprint(const struct handed_in *h, struct shingles *own, double *solution)
{
	cleanup_shingles struct shingles starter = { 0 }, ours = { 0 };
	const struct unit *u = h->unit;

	for (int i = 0; i < NR_SOURCES; i++) {
		cleanup_free char *path = unit__source(u, u->exercise, unit_sources[i]);

		add_file(&starter, path, NULL);
	}
	similar__sort(&starter);
	for (int i = 0; i < NR_SOURCES; i++) {
		cleanup_free char *path = unit__source(u, u->solution, unit_sources[i]);

		similar__add(own, h->source[i].data ? h->source[i].data : "", h->source[i].len,
			     &starter);
		add_file(&ours, path, &starter);
	}
	similar__sort(own);
	similar__sort(&ours);
	*solution = similar__share(own, &ours);
}

static void note_copies(json_t *whole, const struct handed_in *h)
{
	cleanup_shingles struct shingles own = { 0 };
	json_t *hashes = json_array();
	double solution;

	fingerprint(h, &own, &solution);
	for (size_t i = 0; i < own.count; i++)
		json_array_append_new(hashes, json_integer((json_int_t)own.hash[i]));
	json_object_set_new(json_object_get(whole, "shingles"), h->unit->name, hashes);
	if (own.count == SHINGLES_MAX) {
		cleanup_free char *text =
			xprintf("%s: too long to be compared well with others", h->unit->name);

		json_array_append_new(json_object_get(whole, "notes"), json_string(text));
	}
	if (solution >= ALIKE) {
		cleanup_free char *text =
			xprintf("%s: %.0f %% of what was written stands in the public "
				"solution too",
				h->unit->name, solution * 100);

		json_array_append_new(json_object_get(whole, "notes"), json_string(text));
	}
}

static void take_hashes(struct shingles *s, const json_t *hashes)
{
	json_t *hash;
	size_t i;

	s->count = json_array_size(hashes);
	s->hash = xcalloc(s->count, sizeof(*s->hash));
	json_array_foreach (hashes, i, hash)
		s->hash[i] = json_integer_value(hash);
}

static void compare_two(json_t *a, json_t *b)
{
	json_t *of_b = json_object_get(b, "shingles"), *hashes;
	const char *unit;

	json_object_foreach (json_object_get(a, "shingles"), unit, hashes) {
		cleanup_shingles struct shingles x = { 0 }, y = { 0 };
		const char *names[] = { json_string_value(json_object_get(a, "name")),
					json_string_value(json_object_get(b, "name")) };
		double share;

		take_hashes(&x, hashes);
		take_hashes(&y, json_object_get(of_b, unit));
		share = similar__share(&x, &y);
		for (int i = 0; i < 2 && share >= ALIKE; i++) {
			cleanup_free char *text =
				xprintf("%s: %.0f %% of it stands in what %s handed "
					"in too",
					unit, share * 100, names[!i]);

			json_array_append_new(json_object_get(i ? b : a, "notes"),
					      json_string(text));
		}
	}
}

void grade__compare(json_t *submissions)
{
	json_t *submission;
	size_t i;

	json_array_foreach (submissions, i, submission)
		for (size_t k = 0; k < i; k++)
			compare_two(json_array_get(submissions, k), submission);
	json_array_foreach (submissions, i, submission)
		json_object_del(submission, "shingles");
}

/* --- a submission --- */

static void flag(json_t *flags, const struct unit *unit, const char *what, const char *why)
{
	cleanup_free char *text = xprintf("%s: %s: %s", unit->name, what, why);
	cleanup_buf struct buf visible = { 0 };

	text__visible(&visible, (struct text){ text, strlen(text) });
	json_array_append_new(flags, json_string(visible.data));
}

static void grade_exercise(json_t *whole, const struct grade_options *o, const struct handed_in *h,
			   double *total, unsigned *max)
{
	json_t *tests = json_object_get(whole, "tests"), *flags = json_object_get(whole, "flags");
	json_t *outcomes = json_object_get(whole, "outcomes");
	struct card c = { .options = o, .handed_in = h, .judged = true };
	cleanup_free char *readme = xprintf("%s/README.md", h->unit->exercise);
	int err = front__read(&c.front, readme);

	if (handed_in__any(h))
		note_copies(whole, h);
	if (!err && handed_in__any(h))
		err = judge(&c);
	c.judged = !err;
	if (c.tampering)
		c.outcome = outcome__name(OUT_TAMPER);
	json_object_set_new(outcomes, h->unit->name,
			    json_string(err		     ? "none"
					: !handed_in__any(h) ? "missing"
					: c.outcome	     ? c.outcome
							     : "match"));
	if (err) {
		flag(flags, h->unit, "not judged", "the grader failed");
		json_object_set_new(whole, "judged", json_false());
	}
	if (c.tampering)
		flag(flags, h->unit, "tampering", c.tampering);
	for (enum point p = 0; p < POINTS; p++) {
		if (!c.front.points[p])
			continue;
		*total += score(&c, p);
		*max += c.front.points[p];
		json_array_append_new(tests, item_json(&c, p));
	}
	card__free(&c);
}

static bool is_chosen(const struct grade_options *o, const struct handed_in *h)
{
	if (o->chosen->count)
		return strings__has(o->chosen, h->unit->name);
	return handed_in__any(h) && handed_in__edited(h);
}

json_t *grade__submission(const char *path, const char *name, const struct grade_options *o)
{
	struct submission s;
	int err = submission__read(&s, path, o->units, o->bare);
	json_t *notes = json_array(), *whole;
	unsigned max = 0, graded = 0;
	double total = 0;

	whole = json_pack("{s:s, s:f, s:i, s:b, s:[], s:o, s:{}, s:{}, s:[]}", "name", name,
			  "score", 0.0, "max", 0, "judged", 1, "flags", "notes", notes, "outcomes",
			  "shingles", "tests");
	for (size_t i = 0; i < s.count; i++)
		if (is_chosen(o, &s.item[i])) {
			grade_exercise(whole, o, &s.item[i], &total, &max);
			graded++;
		}
	for (size_t i = 0; i < s.notes.count; i++)
		json_array_append_new(notes, json_string(s.notes.items[i]));
	if (err)
		json_array_append_new(json_object_get(whole, "flags"),
				      json_string("nothing can be read of it"));
	else if (!graded)
		json_array_append_new(json_object_get(whole, "flags"),
				      json_string("no edited exercise in it"));
	json_object_set_new(whole, "score", json_real(total));
	json_object_set_new(whole, "max", json_integer(max));
	submission__free(&s);
	return whole;
}
