// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#include "build.h"
#include "emit.h"
#include "grade.h"
#include "gradebook.h"
#include "gradelog.h"
#include "image.h"
#include "interrupt.h"
#include "options.h"
#include "pool.h"
#include "run.h"
#include "sandbox.h"
#include "shard.h"
#include "slurm.h"
#include "submission.h"

#define LOCK_MS 20000 /* the children of a run that was killed end a moment later */

enum {
	OPT_RESUME = 1000,
	OPT_JSON,
	OPT_JUNIT,
	OPT_GRADESCOPE,
	OPT_CSV,
	OPT_SHARD,
	OPT_GATHER,
	OPT_SLURM,
	OPT_SHARDS,
	OPT_SBATCH,
	OPT_EMIT
};

static const struct argp_option options[] = {
	{ "exercise", 'e', "UNIT", 0,
	  "Grade this exercise, also where it is missing; may be repeated, and an unknown one is "
	  "told and left out (default: those that were edited)",
	  0 },
	{ "kernel", 'k', "K", 0, "On this kernel only; may be repeated (default: all)", 0 },
	{ "seed", 's', "N", 0, "Repeat the run that printed this seed", 0 },
	{ "jobs", 'j', "N", 0, "Submissions at a time (default: one per CPU)", 0 },
	{ "verbose", 'v', NULL, 0, "Tell of every item, also for many submissions", 0 },
	{ "resume", OPT_RESUME, NULL, 0, "Go on with a run that was interrupted", 0 },
	{ "json", OPT_JSON, "FILE", 0,
	  "Write all results as JSON (\"-\": to standard output instead of the table)", 0 },
	{ "junit", OPT_JUNIT, "FILE", 0, "... as JUnit XML", 0 },
	{ "gradescope", OPT_GRADESCOPE, "FILE", 0,
	  "... as Gradescope's results.json, of one submission", 0 },
	{ "csv", OPT_CSV, "FILE", 0, "... as CSV, a line each", 0 },
	{ "shard", OPT_SHARD, "I/N", 0,
	  "Grade part I of N of the class, and write it with --json; all parts take the same "
	  "--seed",
	  0 },
	{ "gather", OPT_GATHER, "DIR", 0,
	  "Grade nothing: report the parts in DIR as the whole class", 0 },
	{ "slurm", OPT_SLURM, NULL, 0,
	  "Grade on a cluster: a Slurm array job with a task for each part, gathered at its end",
	  0 },
	{ "shards", OPT_SHARDS, "N", 0, "With --slurm: how many parts (default: one per node)", 0 },
	{ "sbatch", OPT_SBATCH, "OPTION", 0,
	  "With --slurm: an option of sbatch's, as --sbatch=--partition=long; may be repeated", 0 },
	{ "emit", OPT_EMIT, "PLATFORM", 0,
	  "Grade nothing, but write what grades these exercises (default: all) on these kernels on "
	  "gradescope or github",
	  0 },
	{ "output", 'o', "DIR", 0,
	  "With --slurm, --emit: write into this folder (default: grade-SEED, PLATFORM)", 0 },
	{ 0 },
};

static const struct format {
	int option;
	const char *name;
	void (*write)(const json_t *book, struct buf *out);
} formats[] = {
	{ OPT_JSON, "json", gradebook__json },
	{ OPT_JUNIT, "junit", gradebook__junit },
	{ OPT_GRADESCOPE, "gradescope", gradebook__gradescope },
	{ OPT_CSV, "csv", gradebook__csv },
};

enum { NR_FORMATS = ARRAY_SIZE(formats) };

struct args {
	struct strings submissions, chosen, kernels, sbatch;
	const char *report[NR_FORMATS]; /* paths */
	const char *gather, *platform, *output;
	uint64_t seed, jobs, shard, shards; /* part `shard`, from 1, of `shards` */
	bool have_seed, resume, verbose, slurm;
};

static int parse_shard(struct args *a, const char *arg)
{
	const char *slash = strchr(arg, '/');
	cleanup_free char *index = text__copy(arg, slash ? slash - arg : 0);

	if (!slash || parse_u64(index, &a->shard) || parse_u64(slash + 1, &a->shards))
		return -EINVAL;
	return a->shard < 1 || a->shard > a->shards ? -ERANGE : 0;
}

/* Which options go together. */
static void check_args(const struct args *a, struct argp_state *state)
{
	const char *json = a->report[0];

	if (a->gather && (a->submissions.count || a->shards || a->slurm))
		argp_error(state,
			   "--gather reports what is graded already; give it nothing to grade");
	if (a->platform && (a->submissions.count || a->slurm))
		argp_error(state, "--emit grades nothing: leave the submissions out");
	if (!a->gather && !a->platform && !a->submissions.count)
		argp_error(state, "what is to be graded? a folder, .tar.gz, .tar.xz, .zip or git "
				  "checkout");
	if (a->slurm && a->shard)
		argp_error(state, "--slurm takes --shards N, and makes each --shard itself");
	if (!a->slurm && (a->sbatch.count || (a->shards && !a->shard)))
		argp_error(state, "--shards and --sbatch go with --slurm");
	if (a->output && !a->slurm && !a->platform)
		argp_error(state, "-o is where --slurm and --emit write; reports have options of "
				  "their own");
	if (a->slurm && a->resume && !(a->have_seed && a->shards))
		argp_error(state, "--slurm --resume wants the --seed and the number of --shards of "
				  "what it goes on with");
	if (a->shard && !a->have_seed)
		argp_error(state, "--shard wants --seed N, the same N for all parts");
	if (a->shard && (!json || !strcmp(json, "-")))
		argp_error(state, "--shard wants --json FILE, where the part is written");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	for (size_t i = 0; i < NR_FORMATS; i++)
		if (key == formats[i].option) {
			a->report[i] = arg;
			return 0;
		}
	switch (key) {
	case 'e':
		strings__add(&a->chosen, xstrdup(arg));
		return 0;
	case 'k':
		option__kernel(&a->kernels, arg);
		return 0;
	case 's':
		a->seed = option__number(state, "--seed", arg, 0, UINT64_MAX);
		a->have_seed = true;
		return 0;
	case 'j':
		a->jobs = option__jobs(state, arg);
		return 0;
	case 'v':
		a->verbose = true;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case OPT_EMIT:
		a->platform = arg;
		return 0;
	case OPT_RESUME:
		a->resume = true;
		return 0;
	case ARGP_KEY_ARG:
		strings__add(&a->submissions, xstrdup(arg));
		return 0;
	case OPT_SHARD:
		if (parse_shard(a, arg))
			argp_error(state, "--shard takes a part of so many, as 2/3, not '%s'", arg);
		return 0;
	case OPT_SLURM:
		a->slurm = true;
		return 0;
	case OPT_SHARDS:
		a->shards = option__number(state, "--shards", arg, 1, UINT64_MAX);
		return 0;
	case OPT_SBATCH:
		strings__add(&a->sbatch, xstrdup(arg));
		return 0;
	case OPT_GATHER:
		a->gather = arg;
		return 0;
	case ARGP_KEY_END:
		check_args(a, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[SUBMISSION...]",
	.doc = "Grade what learners hand in: build it in a sandbox, run it beside live BCC in "
	       "virtual machines that are thrown away, on every kernel with three seeds, and give "
	       "points by each exercise's rubric."
	       "\v"
	       "A submission is a folder, a .tar.gz, .tar.xz or .zip, or a git checkout that holds "
	       "exercises/NN-topic/; with one --exercise, its sources may stand there alone.\n"
	       "Examples: workbook grade anna.tar.gz\n"
	       "          workbook grade class/* --exercise 01 --csv points.csv\n"
	       "          workbook grade --emit gradescope --exercise 01\n"
	       "          workbook grade class/* --exercise 01 --csv points.csv --slurm\n"
	       "Exit status: 0 all were judged, whatever their points; 2 usage or set-up error.",
};

/* --- a class --- */

struct class
{
	const struct args *args;
	struct strings names; /* of the whole class's submissions */
	struct units units;   /* with an exercise */
	struct grade_options options;
	struct gradelog log;
	json_t **result;	  /* in the submissions' order */
	size_t finished, resumed; /* of these, what the log had */
	int64_t start;
	bool failed;
};

/* The same content has the same key, whatever else is graded with it. */
static char *key_of(const struct class *c, const char *path)
{
	cleanup_buf struct buf b = { 0 };
	struct submission s;

	buf__printf(&b, "%s\n", path);
	if (!submission__read(&s, path, &c->units, c->options.bare))
		for (size_t i = 0; i < s.count; i++)
			for (int k = 0; k < NR_SOURCES; k++) {
				buf__printf(&b, "%zu %d %zu\n", i, s.item[i].given[k],
					    s.item[i].source[k].len);
				buf__add(&b, s.item[i].source[k].data, s.item[i].source[k].len);
			}
	submission__free(&s);
	return hash_hex(b.data, b.len);
}

/* What the whole class calls the submission. */
static const char *name_of(const struct class *c, size_t i)
{
	const struct args *a = c->args;

	return c->names.items[a->shard ? a->shard - 1 + i * a->shards : i];
}

static int grade_one(void *ctx, size_t i)
{
	const struct class *c = ctx;
	const char *path = c->args->submissions.items[i];
	cleanup_free char *key = key_of(c, path), *text = NULL;
	json_t *known = gradelog__find(&c->log, key), *result;
	int err = 0;

	result = known ? json_incref(known) : grade__submission(path, name_of(c, i), &c->options);
	/* What the grader failed at is tried again. */
	if (!known && json_is_true(json_object_get(result, "judged")))
		err = gradelog__add(&c->log, key, result);
	text = json_dumps(result, JSON_COMPACT);
	printf("%s\n", text ? text : "");
	json_decref(result);
	return err || interrupt__signal() ? EXIT_SETUP : EXIT_MATCH;
}

/* A job that died without a word is the grader's failure, and told as such. */
static json_t *failed_result(const char *name)
{
	return json_pack("{s:s, s:f, s:i, s:b, s:[s], s:[], s:{}, s:{}, s:[]}", "name", name,
			 "score", 0.0, "max", 0, "judged", 0, "flags",
			 "not judged, the grader failed", "notes", "outcomes", "shingles", "tests");
}

/* The log that was opened stays as it was, whatever the children add. */
static bool was_in_log(const struct class *c, json_t *result)
{
	const char *key;
	json_t *known;

	json_object_foreach (c->log.done, key, known)
		if (json_equal(known, result))
			return true;
	return false;
}

static void tell_progress(const struct class *c, const json_t *result, bool known)
{
	size_t n = c->args->submissions.count, left = n - c->finished;
	size_t graded = c->finished - c->resumed;

	if (n == 1)
		return;
	say("%zu of %zu: %s %g/%g%s%s", c->finished, n,
	    json_string_value(json_object_get(result, "name")),
	    json_number_value(json_object_get(result, "score")),
	    json_number_value(json_object_get(result, "max")),
	    json_array_size(json_object_get(result, "flags")) ? ", flagged" : "",
	    left ? "" : ", the last");
	if (left && !known && graded % 10 == 0)
		say("about %lld min left",
		    (long long)((now_ms() - c->start) / graded * left + 59999) / 60000);
}

static void take_result(void *ctx, size_t i, int code, const struct buf *printed)
{
	struct class *c = ctx;
	json_t *result = json_loadb(printed->data, printed->len, 0, NULL);
	bool known = result && was_in_log(c, result);

	if (!result)
		result = failed_result(name_of(c, i));
	if (code != EXIT_MATCH || !json_is_true(json_object_get(result, "judged")))
		c->failed = true;
	c->result[i] = result;
	c->finished++;
	c->resumed += known;
	tell_progress(c, result, known);
}

/* --- before and after --- */

/* Exercises by the names that a person gives them, among those there are. */
static int choose(struct class *c, struct strings *names)
{
	struct units all = { 0 };
	int err = units__load(&all, units_root());

	for (size_t i = 0; i < all.count; i++)
		if (access(all.items[i].exercise, F_OK))
			unit__free(&all.items[i]);
		else
			all.items[c->units.count++] = all.items[i];
	c->units.items = all.items;
	for (size_t i = 0; i < c->args->chosen.count && !err; i++) {
		cleanup_unit struct unit u = { 0 };

		err = unit__find(&u, units_root(), c->args->chosen.items[i]);
		if (!err)
			strings__add(names, xstrdup(u.name));
		else if (err == -ENOENT && !c->args->platform)
			err = 0; /* told, and the others are graded */
	}
	if (!err && c->args->chosen.count && !names->count)
		err = -ENOENT;
	strings__sort(names);
	return err;
}

/* Of what may be graded: a mistake there would cost each learner the points, after a long time. */
static int check_rubrics(const struct class *c, const struct strings *chosen)
{
	int err = 0;

	for (size_t i = 0; i < c->units.count && !err; i++) {
		const struct unit *u = &c->units.items[i];
		cleanup_free char *readme = xprintf("%s/README.md", u->exercise);
		cleanup_front struct front front = { 0 };

		if (chosen->count && !strings__has(chosen, u->name))
			continue;
		err = front__read(&front, readme);
		if (!err && !front.has_points)
			err = err_msg("%s:%u: front matter: no points; write points: {builds: 1, "
				      "matches: 5}",
				      readme, front.last);
	}
	return err;
}

/* What judges is built before anything of the submissions is looked at. */
static int build_tests(const struct class *c)
{
	cleanup_strings struct strings all = { 0 };

	for (size_t i = 0; i < c->units.count; i++)
		strings__add(&all, xstrdup(c->units.items[i].name));
	say("building what judges");
	return build__grader(c->options.chosen->count ? c->options.chosen : &all);
}

static json_t *strings_json(const struct strings *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(array, json_string(s->items[i]));
	return array;
}

/* What a run is about: how its book begins, and its log. */
static json_t *make_head(const struct class *c)
{
	const struct args *a = c->args;
	json_t *head = json_pack("{s:i, s:I, s:o}", "version", 1, "seed", (json_int_t)a->seed,
				 "kernels", strings_json(c->options.kernels));

	if (a->shard)
		json_object_set_new(head, "shard",
				    json_pack("{s:I, s:I, s:o, s:o}", "index", (json_int_t)a->shard,
					      "of", (json_int_t)a->shards, "class",
					      strings_json(&c->names), "exercises",
					      strings_json(c->options.chosen)));
	return head;
}

/* A whole class's log is in the cache: other submissions, or another choice of exercises or kernels, is another run. */
static char *log_in_cache(const struct class *c)
{
	cleanup_free char *dir = xprintf("%s/grades", cache_dir());
	cleanup_buf struct buf b = { 0 };
	cleanup_free char *cwd = getcwd(NULL, 0), *hash = NULL;

	buf__printf(&b, "%s\n%s\n", cwd ? cwd : "", project_root());
	for (size_t i = 0; i < c->options.chosen->count; i++)
		buf__printf(&b, "%s\n", c->options.chosen->items[i]);
	for (size_t i = 0; i < c->options.kernels->count; i++)
		buf__printf(&b, "%s\n", c->options.kernels->items[i]);
	for (size_t i = 0; i < c->args->submissions.count; i++)
		buf__printf(&b, "%s\n", c->args->submissions.items[i]);
	if (c->args->have_seed)
		buf__printf(&b, "%llu\n", (unsigned long long)c->args->seed);
	hash = hash_hex(b.data, b.len);
	return file__mkdirs(dir) ? NULL : xprintf("%s/%.16s.jsonl", dir, hash);
}

/* A part's log stands beside the part and stays there. A node that a cluster has lost may still be at
 * the part when that is begun again elsewhere: its end is waited for, and what it has found is taken.
 */
static int open_log(struct class *c)
{
	const struct args *a = c->args;
	cleanup_free char *path = a->shard ? xprintf("%s.log", a->report[0]) : log_in_cache(c);
	json_t *head = make_head(c);
	int err = path ? gradelog__open(&c->log, path, a->resume,
					a->shard && a->resume ? INT64_MAX : LOCK_MS, head)
		       : -EIO;

	if (!err && a->shard && !json_equal(c->log.head, head))
		err = err_msg("%s: the log of another run; remove it, or leave --resume out", path);
	if (!err && a->resume && !a->shard && !json_object_size(c->log.done))
		say("nothing to go on with: no run over these submissions, exercises and kernels "
		    "was interrupted here; beginning anew");
	json_decref(head);
	return err;
}

/* A part's submissions are compared when the parts are gathered. */
static json_t *make_book(const struct class *c)
{
	json_t *book = json_copy(c->log.head), *submissions = json_array();

	for (size_t i = 0; i < c->args->submissions.count; i++)
		json_array_append(submissions, c->result[i]);
	if (!c->args->shard)
		grade__compare(submissions);
	json_object_set_new(book, "submissions", submissions);
	return book;
}

static int check_gradescope(const struct args *a, size_t n)
{
	if (n > 1 && a->report[2])
		return err_msg("--gradescope reports one submission, not %zu", n);
	return 0;
}

/* What cannot be written is better known before hours of grading. A report is written beside its place first. */
static int check_reports(const struct args *a)
{
	for (size_t i = 0; i < NR_FORMATS; i++) {
		const char *path = a->report[i], *slash = path ? strrchr(path, '/') : NULL;
		cleanup_free char *dir = slash ? text__copy(path, slash + 1 - path) : xstrdup(".");
		struct stat st;

		if (!path || !strcmp(path, "-"))
			continue;
		if (!stat(path, &st) && !S_ISREG(st.st_mode))
			return err_msg("--%s %s: no regular file; name one, or \"-\"",
				       formats[i].name, path);
		if (access(dir, W_OK | X_OK))
			return err_sys("--%s %s: nothing can be written into %s", formats[i].name,
				       path, dir);
	}
	return 0;
}

static int write_reports(const struct args *a, const json_t *book)
{
	size_t n = json_array_size(json_object_get(book, "submissions"));
	bool table = true;
	int err = 0;

	for (size_t i = 0; i < NR_FORMATS; i++) {
		cleanup_buf struct buf text = { 0 };
		const char *path = a->report[i];

		if (!path)
			continue;
		formats[i].write(book, &text);
		if (strcmp(path, "-"))
			err = file__write(path, text.data, text.len) ? -EIO : err;
		else
			table = !fwrite(text.data, text.len, 1, stdout);
	}
	if (table) {
		cleanup_buf struct buf text = { 0 }, lines = { 0 };

		gradebook__table(book, a->verbose || n == 1, &text);
		if (isatty(1))
			text__wrap(&lines, text.data, text.len, terminal_width(80));
		fputs(lines.data ? lines.data : text.data, stdout);
		printf("seed %llu\n",
		       (unsigned long long)json_integer_value(json_object_get(book, "seed")));
	}
	return fflush(stdout) ? err_sys("standard output") : err;
}

static int grade_class(struct class *c)
{
	const struct pool pool = {
		.job = grade_one, .done = take_result, .ctx = c, .as_they_end = true
	};
	size_t n = c->args->submissions.count;
	json_t *book;
	int err;

	c->start = now_ms();
	c->result = xcalloc(n, sizeof(*c->result));
	grade__seeds(json_integer_value(json_object_get(c->log.head, "seed")), c->options.seed);
	err = pool__run(&pool, n, c->args->jobs);
	if (err) {
		say("%zu of %zu are graded; --resume goes on from there", c->finished, n);
		return err;
	}
	book = make_book(c);
	err = write_reports(c->args, book);
	json_decref(book);
	if (err)
		say("all are graded; --resume writes the reports, once they can be written");
	if (!err && !c->failed && !c->args->shard)
		gradelog__remove(&c->log);
	return err;
}

static void free_class(struct class *c)
{
	for (size_t i = 0; c->result && i < c->args->submissions.count; i++)
		json_decref(c->result[i]);
	free(c->result);
	strings__free(&c->names);
	units__free(&c->units);
	gradelog__free(&c->log);
}

/* What is to be graded, and how. */
static int settle(struct class *c, struct args *a, struct strings *chosen)
{
	int err;

	shard__sort(&a->submissions, &c->names);
	if (a->shard)
		shard__take(&a->submissions, a->shard, a->shards);
	if (!a->kernels.count)
		kernels__choose(&a->kernels, "all");
	if (!a->have_seed)
		a->seed = run__new_seed();
	err = choose(c, chosen);
	if (!err)
		err = check_rubrics(c, chosen);
	c->options = (struct grade_options){ .units = &c->units,
					     .chosen = chosen,
					     .kernels = &a->kernels,
					     .bare = chosen->count == 1 ? chosen->items[0] : NULL };
	return err;
}

/* Everything but the grading itself. */
static int prepare(struct class *c, struct args *a, struct strings *chosen)
{
	int err = settle(c, a, chosen);

	if (!err)
		err = sandbox__check();
	return err ? err : build_tests(c);
}

static int grade(struct args *a)
{
	struct class class = { .args = a, .log.fd = -1 };
	cleanup_strings struct strings chosen = { 0 };
	int err = prepare(&class, a, &chosen);

	if (!err)
		err = open_log(&class);
	if (!err)
		err = grade_class(&class);
	free_class(&class);
	return err || class.failed ? EXIT_SETUP : EXIT_MATCH;
}

static int gather(const struct args *a)
{
	json_t *book, *submission;
	bool complete = false;
	size_t i;
	int err = shard__gather(a->gather, &book, &complete);

	if (err)
		return EXIT_SETUP;
	err = check_gradescope(a, json_array_size(json_object_get(book, "submissions")));
	if (!err)
		err = write_reports(a, book);
	json_array_foreach (json_object_get(book, "submissions"), i, submission)
		complete &= json_is_true(json_object_get(submission, "judged"));
	json_decref(book);
	return err || !complete ? EXIT_SETUP : EXIT_MATCH;
}

/* --- on a cluster --- */

/* Nodes may have no way to fetch what an image is made of. */
static int make_images(const struct args *a)
{
	int err = 0;

	for (size_t i = 0; i < a->kernels.count && !err; i++) {
		struct image *image = NULL;

		err = image__get(a->kernels.items[i], &image);
		image__free(image);
	}
	return err;
}

static void task_arguments(const struct args *a, const struct strings *chosen, struct strings *out)
{
	strings__add(out, xprintf("--seed=%llu", (unsigned long long)a->seed));
	if (a->jobs)
		strings__add(out, xprintf("--jobs=%llu", (unsigned long long)a->jobs));
	for (size_t i = 0; i < chosen->count; i++)
		strings__add(out, xprintf("--exercise=%s", chosen->items[i]));
	for (size_t i = 0; i < a->kernels.count; i++)
		strings__add(out, xprintf("--kernel=%s", a->kernels.items[i]));
	strings__add(out, xstrdup("--"));
	for (size_t i = 0; i < a->submissions.count; i++)
		strings__add(out, xstrdup(a->submissions.items[i]));
}

/* One word of a line that a person can paste. */
static void add_word(struct buf *line, const char *word)
{
	bool plain = !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789_./=:,+-")];

	buf__printf(line, plain ? " " : " '");
	for (; *word; word++)
		buf__printf(line, *word == '\'' ? "'\\''" : "%c", *word);
	buf__printf(line, plain ? "" : "'");
}

/* How to report what a job has graded that this command did not wait for. */
static void tell_gather(const struct args *a, const char *parts)
{
	cleanup_buf struct buf line = { 0 };

	add_word(&line, parts);
	for (size_t i = 0; i < NR_FORMATS; i++) {
		cleanup_free char *word = xprintf("--%s=%s", formats[i].name, a->report[i] ?: "");

		if (a->report[i])
			add_word(&line, word);
	}
	say("  report it, once it has ended:\n%s/workbook grade --gather%s%s", project_root(),
	    line.data, a->verbose ? " --verbose" : "");
}

static int run_job(struct args *a, const struct slurm_job *job)
{
	cleanup_free char *id = NULL;
	int err = slurm__submit(job, &id);

	if (err)
		return EXIT_SETUP;
	say("job %s: %zu submissions in %llu parts, seed %llu; its folder is %s", id,
	    a->submissions.count, (unsigned long long)job->shards, (unsigned long long)a->seed,
	    job->parts);
	if (slurm__follow(job, id)) {
		tell_gather(a, job->parts);
		return EXIT_SETUP;
	}
	a->gather = job->parts;
	return gather(a);
}

static int grade_on_cluster(struct args *a)
{
	cleanup_strings struct strings chosen = { 0 };
	cleanup_free char *parts = NULL;
	struct class class = { .args = a, .log.fd = -1 };
	struct slurm_job job = { .options = &a->sbatch, .again = a->resume };
	int nodes = a->shards ? 0 : slurm__nodes();
	int err = nodes < 0 ? nodes : prepare(&class, a, &chosen);
	int status = EXIT_SETUP;

	job.shards = a->shards ? a->shards : (uint64_t)nodes;
	if (job.shards > a->submissions.count)
		job.shards = a->submissions.count;
	job.parts = parts =
		a->output ? xstrdup(a->output) : xprintf("grade-%llu", (unsigned long long)a->seed);
	if (!err)
		err = make_images(a);
	if (!err) {
		task_arguments(a, &chosen, &job.arguments);
		status = run_job(a, &job);
	}
	strings__free(&job.arguments);
	free_class(&class);
	return status;
}

/* --- on a platform --- */

static int emit(struct args *a)
{
	struct class class = { .args = a, .log.fd = -1 };
	cleanup_strings struct strings chosen = { 0 };
	int err = settle(&class, a, &chosen);

	if (!err)
		err = emit__write(a->platform, a->output, &class.options);
	free_class(&class);
	return err ? EXIT_SETUP : EXIT_MATCH;
}

COMMAND(grade, "give points to what learners hand in", &argp)
{
	struct args args = { 0 };
	int status = EXIT_SETUP, err;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	interrupt__install();
	/* libarchive takes names in UTF-8 in such a locale only, and whoever grades may be a cron job in none. */
	if (strcmp(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
	err = check_reports(&args);
	if (!err && args.gather)
		status = gather(&args);
	else if (!err && args.platform)
		status = emit(&args);
	else if (!err && !check_gradescope(&args, args.submissions.count))
		status = args.slurm ? grade_on_cluster(&args) : grade(&args);
	strings__free(&args.submissions);
	strings__free(&args.chosen);
	strings__free(&args.kernels);
	strings__free(&args.sbatch);
	return status;
}
