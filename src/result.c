// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "command.h"
#include "result.h"

static void print_side(FILE *f, const char *name, const struct tool_run *s)
{
	char ready[32] = "never", memory[32] = "?";

	if (s->state.ready_ms >= 0)
		snprintf(ready, sizeof(ready), "%.2f s", s->state.ready_ms / 1000.0);
	if (s->state.exited)
		snprintf(memory, sizeof(memory), "%.1f MB", s->state.rss_kb / 1024.0);
	fprintf(f, "  %-8s ready in %8s   peak memory %9s   lost events %ld\n", name, ready, memory,
		s->lost);
}

static void print_phases(FILE *f, const struct run *r)
{
	static const char *const names[] = { "restore", "put the program", "attach", "stimulus",
					     "end" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		fprintf(f, "  %s %.2f s%s", names[i], r->phase_ms[i] / 1000.0,
			i + 1 < ARRAY_SIZE(names) ? "," : "\n");
}

int result__print(FILE *f, const struct subject *s, const struct run *r, const char *kernel,
		  uint64_t seed, bool timing)
{
	fprintf(f, "%s%s %s on %s%s, seed %llu\n", colour(f, C_BOLD), s->unit->name, s->test_case,
		kernel, colour(f, C_OFF), (unsigned long long)seed);
	print_side(f, "BCC", &r->bcc);
	print_side(f, "libbpf", &r->libbpf);
	if (timing)
		print_phases(f, r);
	fprintf(f, "%s\n", r->judged.data ? r->judged.data : "");
	if (r->why)
		fprintf(f, "%s\n%s", r->why, r->libbpf.err.data ? r->libbpf.err.data : "");
	fprintf(f, "%s%s%s\n", colour(f, r->outcome == OUT_MATCH ? C_GREEN : C_RED),
		outcome__name(r->outcome), colour(f, C_OFF));
	return r->outcome == OUT_MATCH	 ? EXIT_MATCH
	       : r->outcome == OUT_SETUP ? EXIT_SETUP
					 : EXIT_MISMATCH;
}
