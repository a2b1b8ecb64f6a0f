// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "command.h"
#include "result.h"
#include "verifier.h"

enum { LOG_LINES = 18, STDERR_MAX = 2000, MAX_WIDTH = 120 };

/* Whether the program came to its end as it should, so that its rows are what there is to judge. */
static bool about_rows(const struct run *r)
{
	return r->outcome == OUT_MATCH || r->outcome == OUT_MISMATCH || r->outcome == OUT_LOST;
}

void result__init(struct result *r, const struct subject *subject, const char *kernel,
		  uint64_t seed, const struct run *run)
{
	*r = (struct result){ .subject = subject, .kernel = kernel, .seed = seed, .run = run };
	if (run->judged.len && report__parse(&r->report, run->judged.data, run->judged.len)) {
		report__free(&r->report);
		r->report = (struct report){ 0 };
	}
	/* What ended the program says more than a guess from the rows that are missing for it. */
	if (!about_rows(run)) {
		free(r->report.cause);
		r->report.cause = NULL;
	}
}

void result__free(struct result *r)
{
	report__free(&r->report);
	*r = (struct result){ 0 };
}

int result__exit_code(const struct result *r)
{
	switch (r->run->outcome) {
	case OUT_MATCH:
		return EXIT_MATCH;
	case OUT_SETUP:
		return EXIT_SETUP;
	default:
		return EXIT_MISMATCH;
	}
}

const char *result__reason(const struct result *r)
{
	if (r->run->outcome == OUT_MATCH)
		return NULL;
	if (r->report.cause)
		return r->report.cause;
	if (r->run->why)
		return r->run->why;
	return r->report.nr_messages ? r->report.message[0] : "the outputs differ";
}

/* --- for a person --- */

static void print_side(FILE *f, const char *name, const struct tool_run *t)
{
	char ready[32] = "-", memory[32] = "-";

	if (t->state.ready_ms >= 0 && (t->out.len || t->state.exited))
		snprintf(ready, sizeof(ready), "%.2f s", t->state.ready_ms / 1000.0);
	if (t->state.exited)
		snprintf(memory, sizeof(memory), "%.1f MB", t->state.rss_kb / 1024.0);
	fprintf(f, "  %-8s %10s %12s %8ld\n", name, ready, memory, t->lost);
}

static void print_phases(FILE *f, const struct run *r)
{
	for (enum phase p = 0; p < NR_PHASES; p++)
		fprintf(f, "%s %s %.2f s", p ? "," : " ", phase__name(p), r->phase_ms[p] / 1000.0);
	fputc('\n', f);
}

/* What the program said on stderr, or the end of the verifier's log; escapes made visible. */
static void print_stderr(FILE *f, const struct result *r)
{
	const struct buf *err = &r->run->libbpf.err;
	cleanup_buf struct buf source = { 0 }, text = { 0 };
	const char *p;

	buf__add(&source, "", 0);
	file__read(r->subject->source, &source);
	if (!err->len)
		return;
	if (!verifier__excerpt(err->data, r->subject->source_name, source.data, LOG_LINES, &text)) {
		p = err->len > STDERR_MAX ? err->data + err->len - STDERR_MAX : err->data;
		buf__printf(&text, "its standard error%s:\n%s\n", p > err->data ? " ends" : "", p);
	}
	for (p = text.data; *p; p++)
		if ((unsigned char)*p >= ' ' || *p == '\n' || *p == '\t')
			fputc(*p, f);
		else
			fprintf(f, "\\x%02x", (unsigned char)*p);
}

static void print_verdict(FILE *f, const struct result *r)
{
	bool match = r->run->outcome == OUT_MATCH;

	fputs(colour(stderr, match ? C_GREEN : C_RED), f);
	if (match)
		fprintf(f, "match: BCC, libbpf and the truth agree on %zu rows",
			r->report.side[REPORT_TRUTH].nr + r->report.side[REPORT_TRUTH].hidden);
	else
		fprintf(f, "%s%s%s", outcome__name(r->run->outcome), r->run->why ? ": " : "",
			r->run->why ? r->run->why : "");
	fprintf(f, "%s\n", colour(stderr, C_OFF));
}

void result__print(FILE *f, const struct result *r, bool timing)
{
	unsigned width = terminal_width(80);

	fprintf(f, "%s%s %s on %s%s, seed %llu\n", colour(stderr, C_BOLD), r->subject->unit->name,
		r->subject->test_case, r->kernel, colour(stderr, C_OFF),
		(unsigned long long)r->seed);
	fprintf(f, "  %-8s %10s %12s %8s\n", "", "ready in", "peak memory", "lost");
	print_side(f, "BCC", &r->run->bcc);
	print_side(f, "libbpf", &r->run->libbpf);
	if (timing)
		print_phases(f, r->run);
	if (!about_rows(r->run))
		print_stderr(f, r);
	if (r->report.nr_columns)
		report__print(f, &r->report, width < MAX_WIDTH ? width : MAX_WIDTH);
	if (r->run->outcome == OUT_LOST)
		print_stderr(f, r);
	print_verdict(f, r);
}

/* --- for a program --- */

static json_t *json_side(const struct tool_run *t)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:i}", "ready_ms", (json_int_t)t->state.ready_ms,
			 "rss_kb", (json_int_t)t->state.rss_kb, "cpu_ms",
			 (json_int_t)t->state.cpu_ms, "lost", (json_int_t)t->lost, "status",
			 t->state.status);
}

static json_t *json_rows(const struct report_table *t)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < t->nr; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s}", "text", t->row[i].text, "mark",
						      t->row[i].mark == '='   ? "same"
						      : t->row[i].mark == '!' ? "differs"
									      : "other"));
	return rows;
}

json_t *result__json(const struct result *r)
{
	json_t *messages = json_array(), *needs = json_array();

	for (size_t i = 0; i < r->report.nr_messages; i++)
		json_array_append_new(messages, json_string(r->report.message[i]));
	for (size_t i = 0; i < r->report.nr_needs; i++)
		json_array_append_new(needs, json_pack("{s:s, s:b}", "text", r->report.need[i].text,
						       "ok", r->report.need[i].ok));
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s?, s:s?, s:o, s:o, s:{s:o, s:o}, "
			 "s:{s:o, s:o, s:o}}",
			 "unit", r->subject->unit->name, "case", r->subject->test_case, "kernel",
			 r->kernel, "seed", (json_int_t)r->seed, "outcome",
			 outcome__name(r->run->outcome), "why", r->run->why, "cause",
			 r->report.cause, "messages", messages, "needs", needs, "sides", "bcc",
			 json_side(&r->run->bcc), "libbpf", json_side(&r->run->libbpf), "rows",
			 "bcc", json_rows(&r->report.side[REPORT_BCC]), "libbpf",
			 json_rows(&r->report.side[REPORT_LIBBPF]), "truth",
			 json_rows(&r->report.side[REPORT_TRUTH]));
}
