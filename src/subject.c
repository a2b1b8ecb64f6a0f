// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "subject.h"

/* Where make puts the programs of this kind, under build/. */
static char *program_path(const struct unit *u, enum subject_kind kind, const char *wrong)
{
	static const char *const roots[] = {
		[SUBJECT_TWIN] = "libbpf",
		[SUBJECT_EXERCISE] = "exercises",
		[SUBJECT_SOLUTION] = "solutions",
	};

	if (kind == SUBJECT_WRONG)
		return xprintf("build/wrong/%s/%s/%s", u->name, wrong, u->topic);
	return xprintf("build/%s/%s/%s", roots[kind], u->name, u->topic);
}

/* What the unit says, of the pair or of the exercise. */
static int init_case(struct subject *s, const struct unit *unit, enum subject_kind kind)
{
	bool pair = kind == SUBJECT_TWIN;
	cleanup_free char *page =
		pair ? xstrdup(unit->chapter) : xprintf("%s/README.md", unit->exercise);
	cleanup_front struct front front = { 0 };
	int err;

	*s = (struct subject){
		.unit = unit,
		.kind = kind,
		.test_case = pair ? "pair" : "exercise",
		.prototype = pair ? xstrdup(unit->bcc) : xprintf("%s/prototype.py", unit->exercise),
		.test = xprintf("build/tests/%s", unit->name),
	};
	err = front__read(&front, page);
	s->capabilities = front.capabilities;
	s->files = front.files;
	s->programs = front.programs;
	s->pins = front.pins;
	front.files = front.programs = (struct strings){ 0 };
	front.pins = NULL;
	return err;
}

int subject__init(struct subject *s, const struct unit *unit, enum subject_kind kind,
		  const char *wrong)
{
	int err = init_case(s, unit, kind);

	s->program = program_path(unit, kind, wrong);
	s->binary = xprintf("%s/%s", project_root(), s->program);
	/* build/libbpf/NN-topic/topic is made of libbpf/NN-topic/topic.bpf.c, a wrong one of a copy. */
	s->source_name = xprintf("%s.bpf.c", kind == SUBJECT_WRONG ? s->program
								   : s->program + strlen("build/"));
	s->source = xprintf("%s/%s", kind == SUBJECT_WRONG ? project_root() : units_root(),
			    s->source_name);
	return err;
}

int subject__init_built(struct subject *s, const struct unit *unit, const struct built *built)
{
	int err = init_case(s, unit, SUBJECT_SUBMITTED);

	s->binary = xprintf("/proc/self/fd/%d", built->program);
	s->source = xprintf("/proc/self/fd/%d", built->source);
	s->source_name = xprintf("exercises/%s/%s.bpf.c", unit->name, unit->topic);
	buf__add(&s->facts, built->facts.data, built->facts.len);
	return err;
}

void subject__free(struct subject *s)
{
	free(s->prototype);
	free(s->program);
	free(s->binary);
	free(s->source);
	free(s->source_name);
	free(s->test);
	strings__free(&s->files);
	free(s->pins);
	strings__free(&s->programs);
	buf__free(&s->facts);
	*s = (struct subject){ 0 };
}

void subject__add_targets(const struct subject *s, struct strings *targets)
{
	strings__add(targets, xstrdup(s->program));
	strings__add(targets, xstrdup(s->test));
	strings__split(targets, "build/agent build/facts");
}

int subject__read_facts(struct subject *s)
{
	cleanup_free char *object = xprintf("%s.bpf.o", s->binary);

	return build__facts(object, &s->facts);
}

/* Whether what judges the subject was never built: that may take an image, whose progress is shown. */
static bool lacks_grader(const struct subject *s)
{
	cleanup_free char *types = xprintf("%s/build/vmlinux.h", project_root());
	cleanup_free char *test = xprintf("%s/%s", project_root(), s->test);

	return access(types, F_OK) || access(test, F_OK);
}

int subject__build(struct subject *s, struct buf *messages)
{
	cleanup_strings struct strings targets = { 0 }, units = { 0 };
	int err;

	strings__add(&units, xstrdup(s->unit->name));
	if (lacks_grader(s) && build__grader(&units))
		return -EINVAL;
	subject__add_targets(s, &targets);
	err = build__targets(&targets, messages);
	/* What judges is no mistake of who wrote the program. */
	if (err > 0 && build__grader(&units))
		return -EINVAL;
	return err ? err : subject__read_facts(s);
}

int subject__build_test(struct subject *s, struct buf *messages)
{
	cleanup_strings struct strings targets = { 0 };

	strings__add(&targets, xstrdup(s->test));
	strings__add(&targets, xstrdup("build/agent"));
	return build__targets(&targets, messages);
}

/* `test` is the caller's, to outlive the source. */
static struct snapshot_source source_of(const struct subject *s, const struct image *image,
					const char *test)
{
	return (struct snapshot_source){
		.image = image,
		.name = s->unit->name,
		.test_case = s->test_case,
		.prototype = s->prototype,
		.test = test,
	};
}

int subject__snapshot(const struct subject *s, const struct image *image, struct snapshot **out)
{
	cleanup_free char *test = xprintf("%s/%s", project_root(), s->test);
	const struct snapshot_source source = source_of(s, image, test);

	return snapshot__get(&source, out);
}

static bool is_allowed(const struct strings *patterns, const char *section)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (!fnmatch(patterns->items[i], section, 0))
			return true;
	return !patterns->count;
}

static char *tell_undeclared(const struct subject *s, const char *section)
{
	cleanup_buf struct buf b = { 0 };

	buf__printf(&b,
		    "libbpf: it holds a program at \"%s\", where the task asks for none; sections "
		    "that may be there:",
		    section);
	for (size_t i = 0; i < s->programs.count; i++)
		buf__printf(&b, " %s", s->programs.items[i]);
	return steal_ptr(b.data);
}

char *subject__undeclared(const struct subject *s)
{
	for (struct lines l = lines_of(s->facts.data, s->facts.len); lines__next(&l);) {
		const char *at = memmem(l.line, l.len, " section=", 9);
		cleanup_free char *section = NULL;

		if (!text__starts(l.line, l.len, "program ") || !at)
			continue;
		at += strlen(" section=");
		section = text__copy(at, strcspn(at, " \n"));
		if (!is_allowed(&s->programs, section))
			return tell_undeclared(s, section);
	}
	return NULL;
}

/* In the subject's snapshot. */
static int run_in_snapshot(const struct subject *s, const struct image *image,
			   const struct run_program *program, struct run *out)
{
	cleanup_free char *test = xprintf("%s/%s", project_root(), s->test);
	const struct snapshot_source source = source_of(s, image, test);
	struct snapshot *snapshot = NULL;
	int err = snapshot__get(&source, &snapshot);

	if (!err)
		err = run__program(snapshot, &source, program, out);
	snapshot__free(snapshot);
	return err;
}

int subject__run(const struct subject *s, const struct image *image, uint64_t seed,
		 const char *tags, struct run *out)
{
	const struct run_program program = {
		.binary = s->binary,
		.facts = s->facts.data ? s->facts.data : "",
		.capabilities = s->capabilities,
		.seed = seed,
		.files = &s->files,
		.pins = s->pins,
		.tags = tags,
		.programs = &s->programs,
		.confined = s->kind == SUBJECT_SUBMITTED,
	};
	char *why = subject__undeclared(s);

	*out = (struct run){ .outcome = OUT_TAMPER, .why = why };
	return why ? 0 : run_in_snapshot(s, image, &program, out);
}

int subject__run_alone(const struct subject *s, const struct image *image, uint64_t seed,
		       struct run *out)
{
	const struct run_program nothing = { .seed = seed };

	return run_in_snapshot(s, image, &nothing, out);
}
