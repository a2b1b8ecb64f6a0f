// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "interrupt.h"
#include "jail.h"
#include "proc.h"
#include "rows.h"
#include "run.h"

#define ATTACH_MS   20000 /* a hundred times what it takes without KVM */
#define STIMULUS_MS 60000
#define END_MS	    8000 /* forty times that */
#define BCC_END_MS  15000
#define TRUTH_MS    20000
#define LEFT_MS	    2000 /* for the kernel to free what a program held */
#define JUDGE_MS    30000
#define TRIES	    3

const char *outcome__name(enum outcome o)
{
	static const char *const names[] = {
		[OUT_MATCH] = "match",	 [OUT_MISMATCH] = "mismatch", [OUT_LOAD] = "load",
		[OUT_ATTACH] = "attach", [OUT_READY] = "ready",	      [OUT_FLOOD] = "flood",
		[OUT_CRASH] = "crash",	 [OUT_HANG] = "hang",	      [OUT_EXIT] = "exit",
		[OUT_LOST] = "lost",	 [OUT_LEFT] = "left",	      [OUT_TAMPER] = "tamper",
		[OUT_SETUP] = "setup",
	};

	return names[o];
}

const char *phase__name(enum phase p)
{
	static const char *const names[] = {
		[PHASE_RESTORE] = "restore",   [PHASE_PUT] = "put", [PHASE_ATTACH] = "attach",
		[PHASE_STIMULUS] = "stimulus", [PHASE_END] = "end",
	};

	return names[p];
}

void run__clear(struct run *r)
{
	struct tool_run *sides[] = { &r->bcc, &r->libbpf };

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		buf__free(&sides[i]->out);
		buf__free(&sides[i]->err);
	}
	buf__free(&r->truth);
	buf__free(&r->judged);
	buf__free(&r->left);
	free(r->why);
	*r = (struct run){ 0 };
}

/* Takes `why` over. What it quotes, the names of processes among it, comes from the guest. */
static int conclude(struct run *r, enum outcome o, char *why)
{
	struct buf visible = { 0 };

	r->outcome = o;
	free(r->why);
	if (why)
		text__visible_lines(&visible, (struct text){ why, strlen(why) });
	r->why = visible.data;
	free(why);
	return 0;
}

/* --- the two tools --- */

static long count_lost(const char *err)
{
	long total = 0, n;
	char *end;

	/* Not sscanf(): it measures all that follows, for each line again. */
	for (const char *p = err; (p = strstr(p, "lost ")); p += 5) {
		n = strtol(p + 5, &end, 10);
		if (!strncmp(end, " events", 7) && n > 0)
			total = n < LONG_MAX - total ? total + n : LONG_MAX;
	}
	return total;
}

static int collect(struct vm *vm, const char *slot, struct tool_run *side)
{
	int err = vm__output(vm, slot, "out", &side->out);

	if (!err)
		err = vm__output(vm, slot, "err", &side->err);
	if (!err)
		side->lost = count_lost(side->err.data);
	return err;
}

/* Asks a tool to end, as Ctrl-C does, and takes what it printed. */
static int stop_tool(struct vm *vm, const char *slot, int ms, struct tool_run *side)
{
	int err = vm__signal(vm, slot, SIGINT);

	if (!err)
		err = vm__wait_exit(vm, slot, ms, &side->state);
	if (!err)
		err = collect(vm, slot, side);
	return err;
}

/* The sentence for a program that is not ready. */
static int conclude_not_ready(struct run *r)
{
	const struct tool_run *s = &r->libbpf;

	if (s->state.timeout)
		return conclude(r, OUT_READY,
				xprintf("libbpf: no header line within %d s: it still loads, or "
					"prints none once it is attached",
					ATTACH_MS / 1000));
	if (WIFSIGNALED(s->state.status))
		return conclude(r, OUT_CRASH,
				xprintf("libbpf: killed by signal %d (%s) before its header line",
					WTERMSIG(s->state.status),
					strsignal(WTERMSIG(s->state.status))));
	if (strstr(s->err.data, "PROG LOAD LOG"))
		return conclude(r, OUT_LOAD, xstrdup("libbpf: the verifier rejected the program"));
	return conclude(r, OUT_ATTACH,
			xprintf("libbpf: ended with status %d before its header line",
				WEXITSTATUS(s->state.status)));
}

/* --- what the kernel holds for it --- */

/* A program is known by its type and the hash of its instructions: what the object does not hold was brought
 * along in another way. `tags` is as of declared.h.
 */
static bool is_declared(const struct lines *program, const char *tags)
{
	const char *type = memmem(program->line, program->len, " type=", 6);
	const char *tag = memmem(program->line, program->len, " tag=", 5);
	const char *name = memmem(program->line, program->len, " name=", 6);
	cleanup_free char *known = NULL, *unknown = NULL;

	if (!type || !tag || !name)
		return false;
	known = xprintf("%.*s ", (int)(tag + strlen(" tag=0123456789abcdef") - type - 1), type + 1);
	unknown = xprintf("%.*s tag=? %.*s\n", (int)(tag - type - 1), type + 1,
			  (int)(program->line + program->len - name - 6), name + 6);
	return strstr(tags, known) || strstr(tags, unknown);
}

static bool is_tracepoint(const char *section)
{
	static const char *const kinds[] = { "tp", "tracepoint", "raw_t" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (text__starts(section, strlen(section), kinds[i]))
			return true;
	return false;
}

/* A section that names no place says nothing, and a program may be attached elsewhere than its section says:
 * "kprobe/do_*" and "ksyscall/openat" are about do_exit and __x64_sys_openat.
 */
static bool is_place_of(const char *place, bool tracepoint, const struct strings *sections)
{
	static const char *const prefixes[] = { "__x64_sys_", "__ia32_sys_", "bpf_lsm_", "" };

	for (size_t i = 0; i < sections->count; i++) {
		const char *pattern = strrchr(sections->items[i], '/');

		if (!pattern || is_tracepoint(sections->items[i]) != tracepoint)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(prefixes); k++)
			if (text__starts(place, strlen(place), prefixes[k]) &&
			    !fnmatch(pattern + 1, place + strlen(prefixes[k]), 0))
				return true;
	}
	return !sections->count;
}

static int check_seen(struct run *r, const struct buf *seen, const struct run_program *p)
{
	for (struct lines l = lines_of(seen->data, seen->len); lines__next(&l);) {
		cleanup_free char *line = text__copy(l.line, l.len);

		if (text__starts(line, l.len, "late "))
			return conclude(
				r, OUT_TAMPER,
				xstrdup("libbpf: loaded or attached a BPF program after its "
					"header line"));
		if (p->tags && text__starts(line, l.len, "program ") && !is_declared(&l, p->tags))
			return conclude(r, OUT_TAMPER,
					xprintf("libbpf: the kernel held a program that the object "
						"does not: %s",
						line));
		if ((text__starts(line, l.len, "function ") ||
		     text__starts(line, l.len, "tracepoint ")) &&
		    !is_place_of(strchr(line, ' ') + 1, *line == 't', p->programs))
			return conclude(
				r, OUT_TAMPER,
				xprintf("libbpf: it had a program at the %s, where the task "
					"asks for none",
					line));
	}
	return 0;
}

static int look_at_programs(struct vm *vm, const struct run_program *p, struct run *r)
{
	cleanup_buf struct buf seen = { 0 };
	int err = vm__seen(vm, &seen);

	return err ? err : check_seen(r, &seen, p);
}

/* What is freed is gone a moment later. Pins that the task wants have been looked at by the stimulus. */
static int look_at_rest(struct vm *vm, const char *pins, struct run *r)
{
	int64_t end = now_ms() + LEFT_MS;
	int err = pins ? vm__unpin(vm, pins) : 0;

	if (err)
		return err;
	do {
		buf__free(&r->left);
		err = vm__held(vm, &r->left);
	} while (!err && r->left.len && now_ms() < end && !usleep(5000));
	return err;
}

static int admit_files(struct vm *vm, const struct strings *files)
{
	int err = 0;

	for (size_t i = 0; files && i < files->count && !err; i++)
		err = vm__admit(vm, files->items[i]);
	return err;
}

/* --- the libbpf program and the stimulus --- */

static int start_libbpf(struct vm *vm, const struct run_program *p, const char *said, struct run *r)
{
	const char *const program[] = { GUEST_PROGRAM, NULL };
	cleanup_free char *user = xprintf("%llx", (unsigned long long)p->capabilities);
	char **argv = snapshot__argv(said, "libbpf", program);
	int err = vm__start(vm, SLOT_LIBBPF, user, argv);

	vm__free_args(argv);
	if (!err)
		err = vm__wait_ready(vm, SLOT_LIBBPF, ATTACH_MS, &r->libbpf.state);
	if (err || (!r->libbpf.state.exited && !r->libbpf.state.timeout))
		return err;
	err = collect(vm, SLOT_LIBBPF, &r->libbpf);
	return err ? err : conclude_not_ready(r);
}

static int conclude_stimulus(struct vm *vm, const struct program_state *state, struct run *r)
{
	cleanup_buf struct buf err_text = { 0 };
	int err = vm__output(vm, SLOT_STIMULUS, "err", &err_text);

	if (err)
		return err;
	r->late = state->timeout && !state->stopped;
	return conclude(r, OUT_SETUP,
			xprintf("stimulus: %s: %.800s",
				state->timeout		     ? "not done in time"
				: WIFSIGNALED(state->status) ? "killed"
							     : "failed",
				err_text.data));
}

/* Gives the waiting stimulus its seed, and waits until its events are over. */
static int run_stimulus(struct vm *vm, uint64_t seed, struct run *r)
{
	cleanup_free char *line = xprintf("%llu\n", (unsigned long long)seed);
	struct program_state state;
	int err = vm__input(vm, SLOT_STIMULUS, line);

	if (!err)
		err = vm__wait_ready(vm, SLOT_STIMULUS, STIMULUS_MS, &state);
	if (err || (!state.exited && !state.timeout))
		return err;
	return conclude_stimulus(vm, &state, r);
}

/* The stimulus prints it when no tool runs any more that could copy it. */
static int take_truth(struct vm *vm, struct run *r)
{
	struct program_state state;
	int err = vm__input(vm, SLOT_STIMULUS, "\n");

	if (!err)
		err = vm__wait_exit(vm, SLOT_STIMULUS, TRUTH_MS, &state);
	if (!err)
		err = vm__output(vm, SLOT_STIMULUS, "out", &r->truth);
	if (err || (!state.timeout && !state.status))
		return err;
	return conclude_stimulus(vm, &state, r);
}

static int conclude_left(struct run *r)
{
	return conclude(r, OUT_LEFT,
			xprintf("libbpf: left behind: %.*s", (int)strcspn(r->left.data, "\n"),
				r->left.data));
}

/* What the ends of the tools tell, before any row is compared. */
static void judge_ends(struct run *r)
{
	const struct program_state *bcc = &r->bcc.state, *lib = &r->libbpf.state;

	r->late = !bcc->exited && !bcc->stopped;
	if (!bcc->exited || bcc->status)
		conclude(r, OUT_SETUP,
			 xprintf("BCC: the prototype %s; the end of its standard error: %.800s",
				 bcc->exited ? "failed" : "did not end on SIGINT",
				 r->bcc.err.data));
	else if (lib->output >= OUTPUT_MAX)
		conclude(r, OUT_FLOOD,
			 xprintf("libbpf: printed more than %d MB", OUTPUT_MAX >> 20));
	else if (lib->ready_ms < 0) /* the stimulus had started it again */
		conclude_not_ready(r);
	else if (!lib->exited)
		conclude(r, OUT_HANG,
			 xprintf("libbpf: still running %d s after SIGINT; end the loop when "
				 "the signal handler has set its flag",
				 END_MS / 1000));
	else if (WIFSIGNALED(lib->status))
		conclude(r, OUT_CRASH,
			 xprintf("libbpf: killed by signal %d (%s)", WTERMSIG(lib->status),
				 strsignal(WTERMSIG(lib->status))));
	else if (lib->status)
		conclude(r, OUT_EXIT,
			 xprintf("libbpf: exit status %d after SIGINT, not 0",
				 WEXITSTATUS(lib->status)));
	else if (r->left.len)
		conclude_left(r);
}

/* --- the judge --- */

static int run_judge(const struct snapshot_source *source, const char *facts, struct run *r)
{
	const struct {
		const char *name, *data;
		size_t len;
	} inputs[] = {
		{ "bcc", r->bcc.out.data, r->bcc.out.len },
		{ "libbpf", r->libbpf.out.data, r->libbpf.out.len },
		{ "truth", r->truth.data, r->truth.len },
		{ "facts", facts, strlen(facts) },
	};
	const char *argv[8] = { source->test, "judge", source->test_case };
	char *args[ARRAY_SIZE(inputs)] = { 0 };
	cleanup_buf struct buf said = { 0 };
	int fds[ARRAY_SIZE(inputs)], status = 0;

	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
		fds[i] = proc__memory_file(inputs[i].data, inputs[i].len);
		if (fds[i] < 0)
			status = fds[i];
		args[i] = xprintf("%s=/proc/self/fd/%d", inputs[i].name, fds[i]);
		argv[3 + i] = args[i];
	}
	if (!status)
		status = proc__run(argv, &r->judged, &said, JUDGE_MS);
	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
		close_fd(&fds[i]);
		free(args[i]);
	}
	if (status == -EINTR)
		return status;
	if (status != 0 && status != 1)
		return conclude(r, OUT_SETUP,
				xprintf("judge: %.800s", said.len ? said.data : "failed"));
	if (r->outcome == OUT_MATCH && status)
		conclude(r, r->libbpf.lost ? OUT_LOST : OUT_MISMATCH,
			 r->libbpf.lost ? xprintf("the rows differ, and libbpf says that it lost "
						  "%ld events",
						  r->libbpf.lost)
					: NULL);
	return 0;
}

/* --- a run --- */

static void mark(struct run *r, enum phase phase, int64_t *since)
{
	int64_t now = now_ms();

	r->phase_ms[phase] = now - *since;
	*since = now;
}

static int begin_libbpf(struct vm *vm, const struct run_program *p, struct run *r, int64_t *since)
{
	cleanup_buf struct buf said = { 0 };
	int err = vm__put_file(vm, JAIL GUEST_PROGRAM, 0755, p->binary);

	if (!err)
		err = admit_files(vm, p->files);
	if (!err)
		err = vm__output(vm, SLOT_STIMULUS, "out", &said);
	mark(r, PHASE_PUT, since);
	if (!err)
		err = start_libbpf(vm, p, said.data, r);
	mark(r, PHASE_ATTACH, since);
	return !err && r->outcome == OUT_MATCH ? look_at_programs(vm, p, r) : err;
}

static int end_libbpf(struct vm *vm, const struct run_program *p, struct run *r)
{
	int err = stop_tool(vm, SLOT_LIBBPF, END_MS, &r->libbpf);

	if (!err)
		err = look_at_rest(vm, p->pins, r);
	return !err && r->outcome == OUT_MATCH ? look_at_programs(vm, p, r) : err;
}

/* What is left behind may have kept the others from ending in time, if nothing worse has. It neither kills nor stops
 * them.
 */
static int explain_late(struct vm *vm, const struct run_program *p, struct run *r)
{
	int err = look_at_programs(vm, p, r);

	return !err && r->outcome == OUT_SETUP ? conclude_left(r) : err;
}

static int run_in(struct vm *vm, const struct snapshot_source *source, const struct run_program *p,
		  struct run *r, int64_t since)
{
	int err = p->binary ? begin_libbpf(vm, p, r, &since) : 0;
	uint64_t before = 0, after = 0;

	if (err || r->outcome != OUT_MATCH)
		return err;
	err = vm__missed(vm, &before);
	if (!err)
		err = run_stimulus(vm, p->seed, r);
	if (!err)
		err = vm__missed(vm, &after);
	r->missed = after > before ? after - before : 0; /* some may be gone */
	mark(r, PHASE_STIMULUS, &since);
	if (!err && p->binary)
		err = end_libbpf(vm, p, r);
	if (!err)
		err = stop_tool(vm, SLOT_BCC, BCC_END_MS, &r->bcc);
	if (!err && r->outcome != OUT_SETUP)
		err = take_truth(vm, r);
	if (err)
		return err;
	if (r->outcome == OUT_MATCH)
		judge_ends(r);
	if (r->outcome != OUT_SETUP && p->binary)
		err = run_judge(source, p->facts, r);
	if (!err && r->late && r->left.len)
		err = explain_late(vm, p, r);
	mark(r, PHASE_END, &since);
	return err;
}

static int run_once(const struct snapshot *s, const struct snapshot_source *source,
		    const struct run_program *program, struct run *out)
{
	int64_t since = now_ms();
	struct vm *vm;
	int err;

	*out = (struct run){ 0 };
	err = snapshot__restore(s, program->confined, &vm);
	if (err)
		return err;
	mark(out, PHASE_RESTORE, &since);
	err = run_in(vm, source, program, out, since);
	vm__free(vm);
	if (err)
		run__clear(out);
	return err;
}

/* A tracing program that is preempted makes the kernel skip those of other events on its CPU, of either tool: no
 * fault of theirs if it is rare.
 */
int run__program(const struct snapshot *s, const struct snapshot_source *source,
		 const struct run_program *program, struct run *out)
{
	int err = run_once(s, source, program, out);

	for (int i = 1; i < TRIES && !err && out->missed && out->outcome == OUT_MISMATCH; i++) {
		run__clear(out);
		err = run_once(s, source, program, out);
	}
	return err;
}

uint64_t run__new_seed(void)
{
	uint32_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = now_ms();
	return seed;
}
