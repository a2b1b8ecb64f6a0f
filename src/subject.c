// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

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

int subject__init(struct subject *s, const struct unit *unit, enum subject_kind kind,
		  const char *wrong)
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
		.program = program_path(unit, kind, wrong),
		.test = xprintf("build/tests/%s", unit->name),
	};
	/* build/libbpf/NN-topic/topic is made of libbpf/NN-topic/topic.bpf.c, a wrong one of a copy. */
	s->source = xprintf("%s/%s.bpf.c", project_root(),
			    kind == SUBJECT_WRONG ? s->program : s->program + strlen("build/"));
	s->source_name = s->source + strlen(project_root()) + 1;
	err = front__read(&front, page);
	s->capabilities = front.capabilities;
	return err;
}

void subject__free(struct subject *s)
{
	free(s->prototype);
	free(s->program);
	free(s->source);
	free(s->test);
	buf__free(&s->facts);
	*s = (struct subject){ 0 };
}

int subject__build(struct subject *s, struct buf *messages)
{
	const char *const targets[] = { s->program, s->test, "build/agent", "build/facts", NULL };
	cleanup_free char *object = xprintf("%s/%s.bpf.o", project_root(), s->program);
	int err = build__targets(targets, messages);

	return err ? err : build__facts(object, &s->facts);
}

int subject__build_test(struct subject *s, struct buf *messages)
{
	const char *const targets[] = { s->test, "build/agent", NULL };

	return build__targets(targets, messages);
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

int subject__run(const struct subject *s, const struct image *image, uint64_t seed, struct run *out)
{
	cleanup_free char *test = xprintf("%s/%s", project_root(), s->test);
	cleanup_free char *binary = xprintf("%s/%s", project_root(), s->program);
	const struct snapshot_source source = source_of(s, image, test);
	const struct run_program program = {
		.binary = binary,
		.facts = s->facts.data,
		.capabilities = s->capabilities,
		.seed = seed,
	};
	struct snapshot *snapshot = NULL;
	int err = snapshot__get(&source, &snapshot);

	if (!err)
		err = run__program(snapshot, &source, &program, out);
	snapshot__free(snapshot);
	return err;
}
