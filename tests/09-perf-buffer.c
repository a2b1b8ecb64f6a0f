// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events that reach their reader one by one, in batches, or not at all. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness.h"

/* --- a thread made by clone(), as pthread_create() would leave one more thing to wait for --- */

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static char thread_stack[65536] __attribute__((aligned(16)));

/* Runs fn(arg) in a thread and returns its ID once it is gone. The thread shares the caller's errno:
 * it makes system calls only.
 */
static pid_t run_thread(int (*fn)(void *), void *arg)
{
	pid_t tid = stim__try(clone(fn, thread_stack + sizeof(thread_stack), THREAD, arg));

	while (!syscall(SYS_tgkill, getpid(), tid, 0))
		sched_yield();
	return tid;
}

/* --- pair: ftruncate() calls --- */

enum { MAX_STEPS = 16, NR_TRUNCATERS = 5 };

enum { RESIZE, RESIZE_FAILS, RESIZE_THREADED, RESIZE_OTHER, NR_RESIZES };

struct step {
	int kind, fd;
	long length;
	char comm[24]; /* more than the kernel keeps */
};

/* What a child process does, one step after the other; the parent prints the rows. */
struct truncater {
	int nr;
	pid_t tid[MAX_STEPS]; /* filled in by the child */
	struct step step[MAX_STEPS];
};

static struct truncater *truncaters; /* shared with the children */

static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		stim__fail("memory: %s", strerror(errno));
	memset(p, 0, size);
	return p;
}

static int resize(void *arg)
{
	const struct step *step = arg;

	prctl(PR_SET_NAME, step->comm);
	syscall(SYS_ftruncate, step->fd, step->length);
	return 0;
}

/* A file becomes longer or shorter, but not by ftruncate(). */
static void resize_otherwise(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	stim__try(syscall(SYS_truncate, path, 4099));
	stim__try(fallocate(fd, 0, 0, 8209));
	close(stim__try(open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)));
}

static void resize_files(void *arg)
{
	struct truncater *t = arg;
	int file = stim__try(memfd_create("file", MFD_CLOEXEC));

	signal(SIGXFSZ, SIG_IGN); /* the kernel's answer to lengths that no file can have */
	for (int i = 0; i < t->nr; i++) {
		struct step *step = &t->step[i];

		if (step->kind != RESIZE_FAILS)
			stim__try(dup2(file, step->fd));
		if (step->kind == RESIZE_OTHER)
			resize_otherwise(step->fd);
		else if (step->kind == RESIZE_THREADED)
			t->tid[i] = run_thread(resize, step);
		else
			resize(step);
		if (step->kind != RESIZE_FAILS)
			close(step->fd);
	}
}

/* Names with blanks and signs in them; now and then none, or one that the kernel cuts. */
static void pick_name(struct stim *stim, char *name)
{
	static const char *const fixed[] = { "", "fifteen letters", "a b  c", "PID COMM", "%s%n" };
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz ABCDEFGH 0123456789 .,:;/()[]{}<>#";
	size_t i = stim__rand(stim, 2 * ARRAY_SIZE(fixed)), len;

	if (i < ARRAY_SIZE(fixed)) {
		strcpy(name, fixed[i]);
		return;
	}
	len = 1 + stim__rand(stim, 20);
	for (i = 0; i < len; i++)
		name[i] = chars[stim__rand(stim, sizeof(chars) - 1)];
	name[len] = '\0';
}

static long pick_length(struct stim *stim)
{
	static const long odd[] = { 0, -1, 1L << 32, INT64_MAX, INT64_MIN, (1L << 31) + 1 };
	size_t i = stim__rand(stim, 2 * ARRAY_SIZE(odd));

	return i < ARRAY_SIZE(odd) ? odd[i] : (long)stim__rand(stim, 1UL << 40);
}

static void plan_resizes(struct stim *stim, struct truncater *t)
{
	int first = stim__rand(stim, NR_RESIZES);

	for (int i = 0; i < t->nr; i++) {
		struct step *step = &t->step[i];

		step->kind = (first + i) % NR_RESIZES;
		step->fd = step->kind == RESIZE_FAILS ? -1 - (int)stim__rand(stim, 100)
						      : 100 + (int)stim__rand(stim, 100);
		step->length = pick_length(stim);
		pick_name(stim, step->comm);
	}
}

/* Whose name a thread of the process has at a step: names are those of threads. */
static void tell_resizes(struct stim *stim, const struct truncater *t, pid_t pid)
{
	for (int i = 0; i < t->nr; i++) {
		const struct step *step = &t->step[i];

		if (step->kind == RESIZE_THREADED)
			stim__own(stim, t->tid[i]);
		if (step->kind == RESIZE_OTHER)
			continue;
		stim__row(stim, "%d %d %ld %.15s", pid, step->fd, step->length, step->comm);
		stim__mistake(stim,
			      "threads' IDs are shown in column PID: the process's ID is in the "
			      "upper half of bpf_get_current_pid_tgid()");
		stim__row(stim, "%d %d %ld %.15s", t->tid[i] ? t->tid[i] : pid, step->fd,
			  step->length, step->comm);
		stim__mistake(stim, "LENGTH has 32 bits: a file's length has 64");
		stim__row(stim, "%d %d %d %.15s", pid, step->fd, (int)step->length, step->comm);
		stim__mistake(stim, NULL);
	}
}

/* The older two kernels stand for those that have no ring buffer. */
static void choose_form(struct stim *stim)
{
	struct utsname uts;

	truncaters = share(NR_TRUNCATERS * sizeof(*truncaters));
	stim__try(uname(&uts));
	if (!strncmp(uts.release, "5.10.", 5) || !strncmp(uts.release, "6.1.", 4))
		stim__arg(stim, "libbpf", "--perf");
}

static void run_resizes(struct stim *stim)
{
	static const int primes[NR_TRUNCATERS] = { 5, 11, 7, 13, 2 };

	for (int i = 0; i < NR_TRUNCATERS; i++) {
		pid_t pid;

		truncaters[i].nr = primes[i];
		plan_resizes(stim, &truncaters[i]);
		pid = stim__fork(stim, resize_files, &truncaters[i]);
		stim__wait(pid);
		stim__own(stim, pid);
		tell_resizes(stim, &truncaters[i], pid);
	}
}

const struct test_case pair = {
	.columns = "PID FD LENGTH COMM",
	.own = "PID",
	.ordered = true,
	.setup = choose_form,
	.run = run_resizes,
	.needs = {
		{ "map * type=perf_event_array *", "perf buffers" },
		{ "call * bpf_perf_event_output", "a record sent by bpf_perf_event_output()" },
		{ "call * bpf_ringbuf_output", "a record sent by bpf_ringbuf_output()" },
		{ "variable .bss lost *", "a global variable \"lost\" that counts" },
	},
};

/* --- exercise: threads that end --- */

enum { UID = 40009, BATCH = 8, PAGES = 1, PAGE = 4096, MAX_THREADS = 24, MAX_ENDERS = 64 };

/* Phases: with the tools stopped, threads end; then the tools may read, if the kernel wakes them. */
enum { FEW, MORE, THIRD, KEPT, FULL, AFTER, REST, NR_PHASES };

/* A child process whose threads end one after the other, and then the process. */
struct ender {
	int phase, nr;
	bool root; /* stays root, so that no tool shall show it */
	pid_t tid[MAX_THREADS];
	char comm[MAX_THREADS][24];
};

static struct ender *enders; /* shared with the children, which fill in thread IDs */
static int nr_enders;

static int end_thread(void *comm)
{
	prctl(PR_SET_NAME, comm);
	return 0;
}

static void end_threads(void *arg)
{
	struct ender *e = arg;

	if (!e->root)
		stim__try(setresuid(UID, UID, UID));
	for (int i = 0; i < e->nr - 1; i++)
		e->tid[i] = run_thread(end_thread, e->comm[i]);
	stim__try(prctl(PR_SET_NAME, e->comm[e->nr - 1]));
	e->tid[e->nr - 1] = getpid();
}

/* --- exercise: the perf buffer, and what its reader sees --- */

/* The truth and the mistakes differ in when records are read and in what is printed of them. */
static const struct rule {
	const char *mistake;
	int batch, pages;
	bool no_end, end_numbered, no_lost, thread_ids, process_ids, only_processes, held_back;
} rules[] = {
	{ .mistake = NULL, .batch = BATCH, .pages = PAGES },
	{ .mistake = "the rows of the last batch are missing, which never became complete: nobody "
		     "is woken for them, so they have to be read at the end",
	  .batch = BATCH,
	  .pages = PAGES,
	  .no_end = true },
	{ .mistake = "the last rows have a number in column WAKE, though no wake-up brought them: "
		     "what is read behind the loop says \"end\"",
	  .batch = BATCH,
	  .pages = PAGES,
	  .end_numbered = true },
	{ .mistake = "the reader is woken for every event: how many it takes is wakeup_events of "
		     "the perf_event_attr",
	  .batch = 1,
	  .pages = PAGES },
	{ .mistake = "fewer events are lost than shall be: they are read one by one and held back, "
		     "where they shall wait in the kernel's buffer",
	  .batch = BATCH,
	  .pages = PAGES,
	  .held_back = true },
	{ .mistake = "column LOST is 0 in every row: losses come as records of their own, of type "
		     "PERF_RECORD_LOST",
	  .batch = BATCH,
	  .pages = PAGES,
	  .no_lost = true },
	{ .mistake = "nothing is lost: the buffers are larger than --pages asks for",
	  .batch = BATCH,
	  .pages = 64 },
	{ .mistake = "column PID holds thread IDs: the process's ID is in the upper half of "
		     "bpf_get_current_pid_tgid()",
	  .batch = BATCH,
	  .pages = PAGES,
	  .thread_ids = true },
	{ .mistake = "column TID holds process IDs: the thread's ID is in the lower half of "
		     "bpf_get_current_pid_tgid()",
	  .batch = BATCH,
	  .pages = PAGES,
	  .process_ids = true },
	{ .mistake = "only the ends of processes are shown: their threads end, too",
	  .batch = BATCH,
	  .pages = PAGES,
	  .only_processes = true },
};

/* What the kernel keeps of a perf buffer; see perf_output_begin() and perf_output_sample(). */
struct buffer {
	size_t size, head, tail;
	size_t watermark, woken_at; /* half a buffer since the last wake-up wakes as well */
	int events, lost;
	bool batch_done, half_full; /* since the reader was there */
};

enum { RECORD = 8 + 4 + 28, LOST_RECORD = 24 };

static bool finds_room(struct buffer *b, int batch)
{
	size_t bytes = RECORD + (b->lost ? LOST_RECORD : 0);

	if (b->size - 1 - (b->head - b->tail) < bytes) {
		b->lost++;
		return false;
	}
	b->head += bytes;
	if (b->head - b->woken_at > b->watermark) {
		b->woken_at += b->watermark;
		b->half_full = true;
	}
	if (++b->events >= batch) {
		b->events -= batch;
		b->woken_at++;
		b->batch_done = true;
	}
	return true;
}

/* Lets the reader read if it is woken; one who holds back takes the records in any case. */
static bool read_all(struct buffer *b, bool held_back)
{
	bool woken = b->batch_done || (b->half_full && !held_back);

	if (woken || held_back)
		b->tail = b->head;
	b->batch_done = b->half_full = false;
	return woken;
}

static struct buffer empty_buffer(int pages)
{
	return (struct buffer){ .size = pages * PAGE, .watermark = pages * PAGE / 2 };
}

/* --- exercise: the rows --- */

struct row_of {
	const struct ender *ender;
	int thread, lost;
};

struct told {
	struct stim *stim;
	const struct rule *rule;
	struct buffer buffer;
	struct row_of unread[BATCH + 64 * PAGE / RECORD];
	int nr_unread, wakes, lost;
};

static void tell_row(struct told *t, const struct row_of *row, const char *wake)
{
	const struct ender *e = row->ender;
	pid_t pid = e->tid[e->nr - 1], tid = e->tid[row->thread];

	stim__row(t->stim, "%s %d %d %d %.15s", wake, row->lost, t->rule->thread_ids ? tid : pid,
		  t->rule->process_ids ? pid : tid, e->comm[row->thread]);
}

static void tell_unread(struct told *t, bool at_end)
{
	char wake[16] = "end";

	if (!at_end || t->rule->end_numbered)
		snprintf(wake, sizeof(wake), "%d", ++t->wakes);
	for (int i = 0; i < t->nr_unread && !(at_end && t->rule->no_end); i++)
		tell_row(t, &t->unread[i], wake);
	t->nr_unread = 0;
}

static void tell_ends_of(struct told *t, const struct ender *e)
{
	for (int i = t->rule->only_processes ? e->nr - 1 : 0; i < e->nr; i++) {
		int lost = t->buffer.lost;

		if (!finds_room(&t->buffer, t->rule->batch))
			continue;
		t->buffer.lost = 0;
		if (!t->rule->no_lost)
			t->lost += lost;
		t->unread[t->nr_unread++] = (struct row_of){ e, i, t->lost };
	}
}

static void tell_ends(struct stim *stim, const struct rule *rule)
{
	static struct told t;

	t = (struct told){ .stim = stim, .rule = rule, .buffer = empty_buffer(rule->pages) };
	stim__mistake(stim, rule->mistake);
	for (int i = 0; i < nr_enders; i++) {
		if (i && enders[i].phase != enders[i - 1].phase &&
		    read_all(&t.buffer, rule->held_back))
			tell_unread(&t, false);
		if (!enders[i].root)
			tell_ends_of(&t, &enders[i]);
	}
	tell_unread(&t, !read_all(&t.buffer, rule->held_back));
}

/* --- exercise: the plan --- */

static bool is_prime(int n)
{
	for (int i = 2; i * i <= n; i++)
		if (n % i == 0)
			return false;
	return n > 1;
}

/* Whether the kernel wakes the reader at the end of just the phases that it shall, and for a batch,
 * not because half the buffer is full.
 */
static bool is_good_plan(const int *nr, const bool *wakes)
{
	struct buffer b = empty_buffer(PAGES);
	int total = 0, lost = 0;

	for (int phase = 0; phase < NR_PHASES; phase++) {
		for (int i = 0; i < nr[phase]; i++) {
			int before = b.lost;

			if (finds_room(&b, BATCH))
				b.lost = 0;
			lost += b.lost > before;
		}
		total += nr[phase];
		if (b.batch_done != wakes[phase] || (b.half_full && !b.batch_done))
			return false;
		read_all(&b, false);
	}
	return is_prime(total) && is_prime(lost);
}

/* BCC 0.18, on 5.10, reads at once and prints batches: there, nothing may be unread when it gets
 * tight.
 */
static bool reads_at_once(void)
{
	struct utsname uts;

	stim__try(uname(&uts));
	return !strncmp(uts.release, "5.10.", 5);
}

static void pick_numbers(struct stim *stim, int *nr)
{
	const bool wakes[] = {
		[MORE] = true, [THIRD] = true, [FULL] = true, [AFTER] = true, false
	};
	bool kept = !reads_at_once();

	do {
		nr[FEW] = 2 + stim__rand(stim, BATCH - 2);
		nr[MORE] = 2 + stim__rand(stim, BATCH);
		nr[THIRD] = 2 + stim__rand(stim, BATCH - 2);
		nr[KEPT] = kept ? 1 + stim__rand(stim, BATCH - 1) : 0;
		nr[FULL] = PAGE / RECORD + 2 + stim__rand(stim, 20);
		nr[AFTER] = 2 + stim__rand(stim, 2 * BATCH);
		nr[REST] = 1 + stim__rand(stim, BATCH - 1);
	} while (!is_good_plan(nr, wakes));
}

static void plan_ender(struct stim *stim, int phase, int nr, bool root)
{
	struct ender *e = &enders[nr_enders++];

	*e = (struct ender){ .phase = phase, .nr = nr, .root = root };
	for (int i = 0; i < nr; i++)
		pick_name(stim, e->comm[i]);
}

static void plan_ends(struct stim *stim)
{
	int nr[NR_PHASES], left;

	pick_numbers(stim, nr);
	for (int phase = 0; phase < NR_PHASES; phase++) {
		if (nr[phase])
			plan_ender(stim, phase, 1 + stim__rand(stim, 9), true);
		for (left = nr[phase]; left; left -= enders[nr_enders - 1].nr) {
			int most = left < MAX_THREADS ? left : MAX_THREADS;

			plan_ender(stim, phase, (most + 1) / 2 + stim__rand(stim, most / 2 + 1),
				   false);
		}
	}
}

static void ask_for_batches(struct stim *stim)
{
	static const char *const tools[] = { "bcc", "libbpf" };

	enders = share(MAX_ENDERS * sizeof(*enders));
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		stim__arg(stim, tools[i], "--uid=%d", UID);
		stim__arg(stim, tools[i], "--batch=%d", BATCH);
		stim__arg(stim, tools[i], "--pages=%d", PAGES);
	}
}

static void run_ends(struct stim *stim)
{
	plan_ends(stim);
	for (int i = 0; i < nr_enders; i++) {
		if (!i || enders[i].phase != enders[i - 1].phase) {
			if (i)
				stim__drain_tools();
			stim__stop_tools();
		}
		stim__wait(stim__fork(stim, end_threads, &enders[i]));
	}
	stim__drain_tools();
	for (int i = 0; i < nr_enders; i++)
		for (int k = 0; k < enders[i].nr; k++)
			stim__own(stim, enders[i].tid[k]);
	for (size_t r = 0; r < ARRAY_SIZE(rules); r++)
		tell_ends(stim, &rules[r]);
}

const struct test_case exercise = {
	.columns = "WAKE LOST PID TID COMM",
	.own = "PID",
	.ordered = true,
	.setup = ask_for_batches,
	.run = run_ends,
	.needs = {
		{ "program * section=*/sched_process_exit *", "a program at sched_process_exit" },
		{ "map * type=perf_event_array *", "perf buffers" },
		{ "!map * type=ringbuf *", "no ring buffer" },
		{ "call * bpf_perf_event_output", "a record sent by bpf_perf_event_output()" },
	},
};
