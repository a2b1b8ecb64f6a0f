// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events that differ in kind and size, some of them too big for the buffer. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"

enum { MAX_STEPS = 16, MAX_PATH = 4096, MAX_JOBS = 8, UID = 40008 };

/* What a child process does, one step after the other; the parent prints the rows. */
struct step {
	int kind;
	char comm[24];	/* more than the kernel keeps */
	char comm2[24]; /* of the step's thread */
	char path[MAX_PATH];
};

struct job {
	int nr, status; /* of the process: what waitpid() must find */
	bool root;	/* stays root, so that no tool shall show it */
	pid_t tid[MAX_STEPS];
	struct step step[MAX_STEPS];
};

static struct job *jobs; /* shared with the children, which fill in thread IDs */

static void make_jobs(struct stim *stim __maybe_unused)
{
	jobs = mmap(NULL, MAX_JOBS * sizeof(*jobs), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (jobs == MAP_FAILED)
		stim__fail("memory: %s", strerror(errno));
	memset(jobs, 0, MAX_JOBS * sizeof(*jobs));
}

static void set_comm(const char *comm)
{
	stim__try(prctl(PR_SET_NAME, comm));
}

/* --- a thread made by clone(), as pthread_create() may use clone3() --- */

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static char thread_stack[65536] __attribute__((aligned(16)));

/* Runs fn(step) in a thread and returns once that is gone, so that nothing of it comes later. The
 * thread shares the caller's errno: it makes system calls only.
 */
static void run_thread(int (*fn)(void *), struct step *step, pid_t *tid)
{
	*tid = stim__try(clone(fn, thread_stack + sizeof(thread_stack), THREAD, step));
	while (!syscall(SYS_tgkill, getpid(), *tid, 0))
		sched_yield();
}

/* --- pair: clone() calls --- */

enum { CLONE_OK, CLONE_FAILS, CLONE_THREADED, CLONE_OTHER, NR_CLONES };

static void fail_clone(void)
{
	if (syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0) != -1) /* wants CLONE_VM too */
		stim__fail("clone() took wrong flags");
}

static void reap(pid_t pid)
{
	if (!pid)
		_exit(0);
	stim__wait(pid);
}

/* None of these is clone(), though each makes a process. */
static void clone_otherwise(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	reap(stim__try(syscall(SYS_fork)));
	reap(stim__try(syscall(SYS_clone3, &args, sizeof(args))));
}

static int clone_in_thread(void *arg)
{
	struct step *step = arg;

	set_comm(step->comm2);
	fail_clone();
	return 0;
}

static void make_clones(void *arg)
{
	struct job *job = arg;

	for (int i = 0; i < job->nr; i++) {
		struct step *step = &job->step[i];

		set_comm(step->comm);
		if (step->kind == CLONE_OK)
			reap(stim__try(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)));
		else if (step->kind == CLONE_FAILS)
			fail_clone();
		else if (step->kind == CLONE_THREADED)
			run_thread(clone_in_thread, step, &job->tid[i]);
		else
			clone_otherwise();
	}
}

/* A name with blanks and signs in it; now and then none, or one that the kernel cuts. */
static void pick_comm(struct stim *stim, char *comm)
{
	static const char *const fixed[] = { "", "fifteen letters", "a b  c", "PID COMM", "%s%n" };
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz ABCDEFGH 0123456789 .,:;/()[]{}<>#";
	size_t i = stim__rand(stim, 2 * ARRAY_SIZE(fixed)), len;

	if (i < ARRAY_SIZE(fixed)) {
		strcpy(comm, fixed[i]);
		return;
	}
	len = 1 + stim__rand(stim, 20);
	for (i = 0; i < len; i++)
		comm[i] = chars[stim__rand(stim, sizeof(chars) - 1)];
	comm[len] = '\0';
}

static void plan_clones(struct stim *stim, struct job *job)
{
	int threaded = stim__rand(stim, job->nr);

	for (int i = 0; i < job->nr; i++) {
		struct step *step = &job->step[i];

		step->kind = i == threaded ? CLONE_THREADED : (int)stim__rand(stim, NR_CLONES);
		pick_comm(stim, step->comm);
		pick_comm(stim, step->comm2);
	}
}

#define TID_SHOWN                                                                         \
	"threads' IDs are shown in column PID: the process's ID is in the upper half of " \
	"bpf_get_current_pid_tgid()"

static void tell_clones(struct stim *stim, const struct job *job, pid_t pid)
{
	for (int i = 0; i < job->nr; i++) {
		const struct step *step = &job->step[i];

		if (step->kind == CLONE_OTHER)
			continue;
		stim__row(stim, "%d %.15s", pid, step->comm);
		stim__mistake(stim, TID_SHOWN);
		stim__row(stim, "%d %.15s", pid, step->comm);
		stim__mistake(stim, NULL);
		if (step->kind != CLONE_THREADED)
			continue;
		stim__own(stim, job->tid[i]);
		stim__row(stim, "%d %.15s", pid, step->comm2);
		stim__mistake(stim, TID_SHOWN);
		stim__row(stim, "%d %.15s", job->tid[i], step->comm2);
		stim__mistake(stim, NULL);
	}
}

static void run_clones(struct stim *stim)
{
	static const int primes[] = { 5, 11, 7, 13 };

	for (size_t i = 0; i < ARRAY_SIZE(primes); i++) {
		pid_t pid;

		jobs[i].nr = primes[i];
		plan_clones(stim, &jobs[i]);
		pid = stim__fork(stim, make_clones, &jobs[i]);
		stim__wait(pid);
		stim__own(stim, pid);
		tell_clones(stim, &jobs[i], pid);
	}
}

const struct test_case pair = {
	.columns = "PID COMM",
	.own = "PID",
	.ordered = true,
	.setup = make_jobs,
	.run = run_clones,
	.needs = {
		{ "program * section=ksyscall/clone *", "a program on clone() by its ksyscall name" },
		{ "map * type=ringbuf *", "a ring buffer" },
		{ "call * bpf_ringbuf_reserve", "room for a record taken by bpf_ringbuf_reserve()" },
		{ "call * bpf_ringbuf_submit", "a record handed over by bpf_ringbuf_submit()" },
		{ "variable .bss lost *", "a global variable \"lost\" that counts" },
	},
};

/* --- exercise: opened files and ended processes --- */

enum { OPEN, OPEN_LONG, OPEN_UNREADABLE, OPEN_THREADED, OPEN_OTHER, NR_OPENS };

/* BPF reads a caller's memory only where it is present: the path's bytes are written right before. */
static void open_path(const char *path)
{
	static char present[MAX_PATH];
	int fd;

	memcpy(present, path, strlen(path) + 1);
	fd = syscall(SYS_openat, AT_FDCWD, present, O_RDONLY);
	if (fd >= 0)
		close(fd);
}

static int open_in_thread(void *arg)
{
	struct step *step = arg;

	set_comm(step->comm2);
	open_path(step->path);
	return 0;
}

/* Opens that are not openat(). */
static void open_otherwise(void)
{
	struct open_how how = { .flags = O_RDONLY };
	int fd = syscall(SYS_open, "/etc/hosts", O_RDONLY);

	if (fd >= 0)
		close(fd);
	fd = syscall(SYS_openat2, AT_FDCWD, "/etc/hosts", &how, sizeof(how));
	if (fd >= 0)
		close(fd);
}

static void make_opens(void *arg)
{
	struct job *job = arg;
	int status = job->status;

	if (!job->root)
		stim__try(setresuid(UID, UID, UID));
	for (int i = 0; i < job->nr; i++) {
		struct step *step = &job->step[i];

		set_comm(step->comm);
		if (step->kind == OPEN || step->kind == OPEN_LONG)
			open_path(step->path);
		else if (step->kind == OPEN_UNREADABLE)
			syscall(SYS_openat, AT_FDCWD, (char *)8, O_RDONLY);
		else if (step->kind == OPEN_THREADED)
			run_thread(open_in_thread, step, &job->tid[i]);
		else
			open_otherwise();
	}
	if (WIFSIGNALED(status))
		kill(getpid(), WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

static void check_status(const struct job *job, pid_t pid)
{
	int status;

	if (stim__try(waitpid(pid, &status, 0)) != pid || status != job->status)
		stim__fail("process %d: wait status %x instead of %x", pid, status, job->status);
}

/* Names without blanks: COMM is not the last column here. */
static void pick_word(struct stim *stim, char *word, size_t len)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789.,:;/()[]<>#-_";

	for (size_t i = 0; i < len; i++)
		word[i] = chars[stim__rand(stim, sizeof(chars) - 1)];
	word[len] = '\0';
}

/* A file that there is, or none; paths with blanks and without any letter. */
static void pick_path(struct stim *stim, char *path)
{
	static const char *const fixed[] = {
		"/etc/passwd", "/dev/null", "", "/", "a b  c", "OPEN 1"
	};
	size_t i = stim__rand(stim, 2 * ARRAY_SIZE(fixed));

	if (i < ARRAY_SIZE(fixed))
		strcpy(path, fixed[i]);
	else
		pick_word(stim, path, 1 + stim__rand(stim, 40));
}

/* Each job goes through all kinds of opens, in an order of its own. */
static void plan_opens(struct stim *stim, struct job *job)
{
	int first = stim__rand(stim, NR_OPENS);

	for (int i = 0; i < job->nr; i++) {
		struct step *step = &job->step[i];

		step->kind = (first + i) % NR_OPENS;
		pick_word(stim, step->comm, 1 + stim__rand(stim, 20));
		pick_word(stim, step->comm2, 1 + stim__rand(stim, 20));
		if (step->kind == OPEN_LONG)
			pick_word(stim, step->path, MAX_PATH - 1 - stim__rand(stim, 10));
		else
			pick_path(stim, step->path);
	}
}

/* --- exercise: the buffer, and what is told of it --- */

enum { SMALL, FULL, LATER, NR_PHASES }; /* the buffer is empty at the beginning of each */

static const int phase_of[MAX_JOBS] = { SMALL, SMALL, SMALL, SMALL, FULL, FULL, FULL, LATER };

enum { HEADER = 8 + 32, END = 8, PAGE = 4096 };

/* The truth and the mistakes differ in what they print of each event. */
static const struct rule {
	const char *mistake;
	size_t pages;
	bool no_lost_open, no_lost_exit, lost_late, tid, thread_ends, whole, larger;
	bool no_unreadable, no_empty, skipped_is_lost, no_path;
} rules[] = {
	{ .mistake = NULL, .pages = 2 },
	{ .mistake = "column LOST is 0 in every row: when bpf_ringbuf_output() returns an error "
		     "or bpf_ringbuf_reserve() NULL, nobody else counts the event",
	  .pages = 2,
	  .no_lost_open = true,
	  .no_lost_exit = true },
	{ .mistake = "lost opens are not counted: bpf_ringbuf_output() returns an error when there "
		     "is no room",
	  .pages = 2,
	  .no_lost_open = true },
	{ .mistake = "lost ends of processes are not counted: bpf_ringbuf_reserve() returns NULL "
		     "when there is no room",
	  .pages = 2,
	  .no_lost_exit = true },
	{ .mistake = "column LOST shows what was lost until the row was printed: the number "
		     "belongs into the record, when the kernel side fills it",
	  .pages = 2,
	  .lost_late = true },
	{ .mistake = TID_SHOWN, .pages = 2, .tid = true },
	{ .mistake = "threads' ends are shown as the ends of their process: sched_process_exit "
		     "fires for every thread",
	  .pages = 2,
	  .thread_ends = true },
	{ .mistake = "each path takes room for the longest one, and soon there is none: send the "
		     "part that is used",
	  .pages = 2,
	  .whole = true },
	{ .mistake = "opens are missing whose path could not be read: they are events too, with "
		     "an empty path",
	  .pages = 2,
	  .no_unreadable = true },
	{ .mistake = "opens are missing whose path is empty or could not be read: they are events "
		     "too, with an empty path",
	  .pages = 2,
	  .no_unreadable = true,
	  .no_empty = true },
	{ .mistake = "opens whose path could not be read are counted as lost: they are events too, "
		     "with an empty path; only what finds no room is lost",
	  .pages = 2,
	  .no_unreadable = true,
	  .skipped_is_lost = true },
	{ .mistake = "opens whose path is empty or could not be read are counted as lost: they are "
		     "events too, with an empty path; only what finds no room is lost",
	  .pages = 2,
	  .no_unreadable = true,
	  .no_empty = true,
	  .skipped_is_lost = true },
	{ .mistake = "every path is empty: it lies in the memory of the process, which "
		     "bpf_probe_read_user_str() reads and bpf_probe_read_kernel_str() does not",
	  .pages = 2,
	  .no_path = true },
	{ .mistake = "a record takes more room than it must: behind struct event, a path needs its "
		     "bytes and the NUL, an end no more than 8 bytes",
	  .pages = 2,
	  .larger = true },
	{ .mistake = "more is lost than must be: the ring buffer is smaller than --pages asks for; "
		     "its max_entries are bytes",
	  .pages = 1 },
	{ .mistake = "nothing is lost: the ring buffer is larger than --pages asks for",
	  .pages = 64 },
};

struct told {
	struct stim *stim; /* NULL: only add up what is lost */
	const struct rule *rule;
	size_t used;		   /* bytes of the buffer */
	int lost, phase;	   /* so far */
	int phase_lost[NR_PHASES]; /* at the phase's end */
};

/* Whether a record of `size` bytes, behind the header of all, finds room in the buffer. */
static bool finds_room(struct told *t, size_t size, bool counts)
{
	size_t bytes = (HEADER + size + 7) / 8 * 8 + 8 * t->rule->larger;

	if (t->used + bytes > t->rule->pages * PAGE - 8) {
		t->lost += counts;
		return false;
	}
	t->used += bytes;
	return true;
}

static void tell(struct told *t, const char *kind, pid_t pid, const char *comm, const char *detail)
{
	size_t len = strlen(detail);
	bool cut = len > 40;
	int lost = t->rule->lost_late ? t->phase_lost[t->phase] : t->lost;

	if (t->stim)
		stim__row(t->stim, "%s %d %d %.15s %s%s", kind, pid, lost, comm, cut ? "..." : "",
			  detail + (cut ? len - 37 : 0));
}

static void tell_exit(struct told *t, pid_t pid, const char *comm, int status)
{
	char detail[32];

	if (!finds_room(t, END, !t->rule->no_lost_exit))
		return;
	if (WIFSIGNALED(status))
		sprintf(detail, "signal %d", WTERMSIG(status));
	else
		sprintf(detail, "code %d", WEXITSTATUS(status));
	tell(t, "EXIT", pid, comm, detail);
}

static void tell_open(struct told *t, const struct step *step, pid_t pid, pid_t tid)
{
	bool threaded = step->kind == OPEN_THREADED, unreadable = step->kind == OPEN_UNREADABLE;
	const char *path = unreadable || t->rule->no_path ? "" : step->path;

	if (unreadable ? t->rule->no_unreadable : t->rule->no_empty && !*path) {
		t->lost += t->rule->skipped_is_lost;
		return;
	}
	if (finds_room(t, t->rule->whole ? MAX_PATH : strlen(path) + 1, !t->rule->no_lost_open))
		tell(t, "OPEN", threaded && t->rule->tid ? tid : pid,
		     threaded ? step->comm2 : step->comm, path);
	if (threaded && t->rule->thread_ends)
		tell_exit(t, pid, step->comm2, 0);
}

static void tell_jobs(struct told *t, const pid_t *pid)
{
	for (int i = 0; i < MAX_JOBS; i++) {
		const struct job *job = &jobs[i];

		if (t->phase != phase_of[i])
			t->used = 0;
		t->phase = phase_of[i];
		if (job->root)
			continue;
		for (int k = 0; k < job->nr; k++)
			if (job->step[k].kind != OPEN_OTHER)
				tell_open(t, &job->step[k], pid[i], job->tid[k]);
		tell_exit(t, pid[i], job->step[job->nr - 1].comm, job->status);
		if (!t->stim)
			t->phase_lost[t->phase] = t->lost;
	}
}

static void tell_opens(struct stim *stim, const pid_t *pid)
{
	for (size_t r = 0; r < ARRAY_SIZE(rules); r++) {
		struct told told = { .rule = &rules[r] };

		tell_jobs(&told, pid);
		stim__mistake(stim, rules[r].mistake);
		told.stim = stim;
		told.lost = told.used = told.phase = 0;
		tell_jobs(&told, pid);
	}
}

/* --- exercise: the plan --- */

static struct step *find_step(struct job *job, int kind)
{
	struct step *step = job->step;

	while (step->kind != kind)
		step++;
	return step;
}

/* Four processes, of which one is nobody's business. All that they do fits, but only one of the long
 * paths. One path is of middling length, one is empty.
 */
static void plan_small(struct stim *stim)
{
	static const int nr[] = { 5, 6, 5, 7 }, signals[] = { SIGKILL, SIGTERM, SIGUSR1 };
	int root = stim__rand(stim, ARRAY_SIZE(nr)), killed = (root + 1) % ARRAY_SIZE(nr);

	for (size_t i = 0; i < ARRAY_SIZE(nr); i++) {
		jobs[i].nr = nr[i];
		plan_opens(stim, &jobs[i]);
	}
	jobs[root].root = true;
	jobs[killed].status = signals[stim__rand(stim, ARRAY_SIZE(signals))];
	pick_word(stim, find_step(&jobs[killed], OPEN)->path, 300 + stim__rand(stim, 400));
	*find_step(&jobs[killed], OPEN_THREADED)->path = '\0';
}

/* The bytes that a job of plain opens takes of the buffer. */
static size_t room_of(const struct job *job)
{
	size_t bytes = HEADER + END;

	for (int i = 0; i < job->nr; i++)
		bytes += (HEADER + strlen(job->step[i].path) + 1 + 7) / 8 * 8;
	return bytes;
}

/* A process's open and its end, and then two paths that take all the room there is, to the byte: when
 * any of the four records is larger than it must be, the last path is lost. The perf buffer's record
 * of an end is 8 bytes smaller; that is less room than any record takes.
 */
static void plan_full(struct stim *stim)
{
	struct job *first = &jobs[4], *filler = &jobs[5];
	size_t left;

	for (struct job *job = first; job < &jobs[MAX_JOBS]; job++) {
		job->nr = job == filler ? 2 : 1;
		plan_opens(stim, job);
		for (int i = 0; i < job->nr; i++) {
			job->step[i].kind = OPEN;
			pick_path(stim, job->step[i].path);
		}
	}
	left = 2 * PAGE - 8 - room_of(first) - (HEADER + MAX_PATH);
	pick_word(stim, filler->step[0].path, MAX_PATH - 1);
	pick_word(stim, filler->step[1].path, left - HEADER - 1);
}

/* Losses may not depend on anything but the sizes: in the first phase, records may have a larger
 * header.
 */
static void check_room(void)
{
	size_t bytes = 64 + MAX_PATH;

	for (int i = 0; phase_of[i] == SMALL; i++) {
		for (int k = 0; k < jobs[i].nr; k++)
			if (!jobs[i].root && jobs[i].step[k].kind != OPEN_LONG)
				bytes += 64 + (strlen(jobs[i].step[k].path) + 8) / 8 * 8;
		bytes += 64 + 8;
	}
	if (bytes > 2 * PAGE - 8)
		stim__fail("%zu bytes of events do not fit", bytes);
}

static void ask_for_two_pages(struct stim *stim)
{
	static const char *const tools[] = { "bcc", "libbpf" };

	make_jobs(stim);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		stim__arg(stim, tools[i], "--uid=%d", UID);
		stim__arg(stim, tools[i], "--pages=2");
	}
}

static void run_opens(struct stim *stim)
{
	pid_t pid[MAX_JOBS];

	for (int i = 0; i < MAX_JOBS; i++)
		jobs[i].status = (int)stim__rand(stim, 256) << 8;
	plan_small(stim);
	plan_full(stim);
	check_room();
	for (int i = 0; i < MAX_JOBS; i++) {
		if (i && phase_of[i] != phase_of[i - 1])
			stim__drain_tools();
		if (phase_of[i] != LATER)
			stim__stop_tools();
		pid[i] = stim__fork(stim, make_opens, &jobs[i]);
		check_status(&jobs[i], pid[i]);
		stim__own(stim, pid[i]);
		for (int k = 0; k < jobs[i].nr; k++)
			if (jobs[i].tid[k])
				stim__own(stim, jobs[i].tid[k]);
	}
	tell_opens(stim, pid);
}

const struct test_case exercise = {
	.columns = "KIND PID LOST COMM DETAIL",
	.own = "PID",
	.ordered = true,
	.setup = ask_for_two_pages,
	.run = run_opens,
	.needs = {
		{ "map * type=ringbuf *", "a ring buffer" },
		{ "!map * type=perf_event_array *", "no perf buffer" },
		{ "call * bpf_ringbuf_reserve", "room for a record taken by bpf_ringbuf_reserve()" },
		{ "call * bpf_ringbuf_submit", "a record handed over by bpf_ringbuf_submit()" },
		{ "call * bpf_ringbuf_output", "a record of varying size sent by bpf_ringbuf_output()" },
		{ "variable .bss lost *", "a global variable \"lost\" that counts" },
	},
};
