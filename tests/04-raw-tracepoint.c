// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 04. Pair: processes and threads that each process starts. Exercise: context switches per thread
 * and name.
 */
#include <linux/futex.h>
#include <linux/sched.h> /* struct clone_args */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "harness.h"

/* --- both cases --- */

enum { NAME = 24 }; /* the kernel keeps 15 bytes of a name */

/* Rows by what tells them apart; equal ones are added up. */
static struct total {
	pid_t pid, tid;
	char name[NAME];
	unsigned n[3];
} totals[256];
static size_t nr_totals;

static void add(pid_t pid, pid_t tid, const char *name, unsigned a, unsigned b, unsigned c)
{
	struct total *t = totals;

	while (t < totals + nr_totals &&
	       (t->pid != pid || t->tid != tid || strncmp(t->name, name, 15)))
		t++;
	if (t == totals + nr_totals) {
		if (nr_totals++ == ARRAY_SIZE(totals))
			stim__fail("too many rows");
		*t = (struct total){ .pid = pid, .tid = tid };
		strcpy(t->name, name);
	}
	t->n[0] += a;
	t->n[1] += b;
	t->n[2] += c;
}

/* Memory that the processes share, at one address. */
static void *shared(size_t size)
{
	return stim__try(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static unsigned prime(struct stim *s)
{
	static const unsigned primes[] = { 2, 3, 5, 7, 11, 13 };

	return primes[stim__rand(s, ARRAY_SIZE(primes))];
}

static void set_name(const char *name)
{
	stim__try(prctl(PR_SET_NAME, name));
}

static pthread_t start_thread(void *(*fn)(void *), void *arg)
{
	pthread_t id;
	int err = pthread_create(&id, NULL, fn, arg);

	if (err)
		stim__fail("pthread_create: %s", strerror(err));
	return id;
}

/* --- pair: processes and threads --- */

enum { WORKERS = 4, MAX_SIBLINGS = 3, PROCESS_KINDS = 4, THREAD_KINDS = 2 };

/* What one thread starts under one name of its process. */
struct job {
	pid_t pid, tid;
	char leader[NAME], caller[NAME]; /* names: of the process's first thread, of this one */
	unsigned processes, threads;	 /* of each kind */
	unsigned siblings; /* processes that become children of its process's parent */
	unsigned bad;	   /* calls that start nothing */
	pid_t sibling[MAX_SIBLINGS];
};

/* A process whose first thread does two jobs, under two names. It starts a thread that does a third
 * one; that starts a process that does the last.
 */
struct worker {
	struct job first, second, third, last;
	bool idle; /* starts nothing */
	pid_t pid;
};

static struct stim *stim; /* for stim__fork(), by whoever forks */

/* Called in the parent and in the child, which ends here. */
static void child(pid_t pid)
{
	if (!pid)
		_exit(0);
	stim__wait(pid);
}

static int no_work(void *arg __maybe_unused)
{
	return 0;
}

static void *no_job(void *arg __maybe_unused)
{
	return NULL;
}

/* A thread by clone(); pthread_create() uses clone3() since glibc 2.34. */
static void clone_thread(void)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	static pid_t running; /* the kernel zeroes it when the thread is gone */
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	pid_t seen;

	stim__try(clone(no_work, stack + sizeof(stack), flags, NULL, &running, NULL, &running));
	while ((seen = __atomic_load_n(&running, __ATOMIC_ACQUIRE)))
		syscall(SYS_futex, &running, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void start_process_of_each_kind(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	child(stim__try(fork()));
	child(stim__try(vfork()));
	child(stim__try(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)));
	child(stim__try(syscall(SYS_clone3, &args, sizeof(args))));
}

static void start_threads(const struct job *job)
{
	for (unsigned i = 0; i < job->threads; i++) {
		pthread_join(start_thread(no_job, NULL), NULL);
		clone_thread();
	}
}

static void start_siblings(struct job *job)
{
	long flags = CLONE_PARENT | SIGCHLD;

	for (unsigned i = 0; i < job->siblings; i++) {
		pid_t pid = stim__try(syscall(SYS_clone, flags, NULL, NULL, NULL, 0));

		if (!pid)
			_exit(0);
		job->sibling[i] = pid;
	}
}

/* There is no thread without the process's signal handlers. */
static void start_nothing(const struct job *job)
{
	for (unsigned i = 0; i < job->bad; i++) {
		if (syscall(SYS_clone, CLONE_THREAD, NULL, NULL, NULL, 0) != -1)
			stim__fail("clone: bad flags were not refused");
	}
}

static void do_job(void *arg)
{
	struct job *job = arg;

	job->pid = getpid();
	job->tid = syscall(SYS_gettid);
	for (unsigned i = 0; i < job->processes; i++)
		start_process_of_each_kind();
	start_threads(job);
	start_siblings(job);
	start_nothing(job);
}

static void *other_thread(void *arg)
{
	struct worker *w = arg;

	set_name(w->third.caller);
	do_job(&w->third);
	stim__wait(stim__fork(stim, do_job, &w->last));
	return NULL;
}

static void work(void *arg)
{
	struct worker *w = arg;

	set_name(w->first.leader);
	do_job(&w->first);
	set_name(w->second.leader);
	do_job(&w->second);
	if (!w->idle)
		pthread_join(start_thread(other_thread, w), NULL);
}

static void plan_job(struct stim *s, struct worker *w, struct job *job, const char *leader,
		     const char *caller)
{
	strcpy(job->leader, leader);
	strcpy(job->caller, caller);
	job->bad = 1 + stim__rand(s, 3);
	if (w->idle)
		return;
	job->processes = prime(s);
	job->threads = prime(s);
	if (job != &w->last)
		job->siblings = 1 + stim__rand(s, MAX_SIBLINGS);
}

static void plan_worker(struct stim *s, struct worker *w)
{
	char first[NAME], second[NAME], other[NAME];

	snprintf(first, sizeof(first), "supervisor-of-%u", (unsigned)stim__rand(s, 9000) + 1000);
	snprintf(second, sizeof(second), "job %u", (unsigned)stim__rand(s, 1000));
	snprintf(other, sizeof(other), "helper-%u", (unsigned)stim__rand(s, 1000));
	plan_job(s, w, &w->first, first, first);
	plan_job(s, w, &w->second, second, second);
	plan_job(s, w, &w->third, second, other);
	plan_job(s, w, &w->last, other, other);
}

/* What a program counts, and under what. */
struct pair_view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool tid, caller, all_processes, real_parent;
};

static const struct pair_view pair_views[] = {
	{ .sentence = NULL },
	{ .sentence = "PID is the ID of the thread that starts the task: a process's ID is called "
		      "`tgid` in the kernel, `pid` is a thread's",
	  .tid = true },
	{ .sentence = "COMM is the name of the thread that starts the task: the process's is its "
		      "group leader's",
	  .caller = true },
	{ .sentence = "threads are counted as processes: `pid` and `tgid` of a new process are "
		      "equal, those of a new thread are not",
	  .all_processes = true },
	{ .sentence = "a new thread's parent is its process's parent, and CLONE_PARENT does the "
		      "same for processes: who started it is the tracepoint's first argument",
	  .real_parent = true },
};

/* `new_processes` and `new_threads`: those that the job is not about. */
static void add_job(const struct pair_view *v, const struct job *job, unsigned new_processes,
		    unsigned new_threads)
{
	unsigned processes = PROCESS_KINDS * job->processes + new_processes;
	unsigned threads = THREAD_KINDS * job->threads + new_threads;

	/* A sibling and a thread have the same parent as the process that starts them. */
	if (v->real_parent)
		threads = new_threads;
	else
		processes += job->siblings;
	if (v->all_processes)
		processes += threads;
	if (processes || threads)
		add(v->tid ? job->tid : job->pid, 0, v->caller ? job->caller : job->leader,
		    processes, threads, 0);
}

static void pair_rows(struct stim *s, const struct pair_view *v, const struct worker *w)
{
	stim__mistake(s, v->sentence);
	nr_totals = 0;
	for (int i = 0; i < WORKERS; i++) {
		add_job(v, &w[i].first, 0, 0);
		add_job(v, &w[i].second, 0, w[i].idle || v->real_parent ? 0 : 1);
		add_job(v, &w[i].third, w[i].idle ? 0 : 1,
			v->real_parent ? THREAD_KINDS * w[i].last.threads : 0);
		add_job(v, &w[i].last, 0, 0);
	}
	for (size_t i = 0; i < nr_totals; i++)
		stim__row(s, "%d %u %u %.15s", totals[i].pid, totals[i].n[0], totals[i].n[1],
			  totals[i].name);
}

static void wait_for_siblings(const struct job *job)
{
	for (unsigned i = 0; i < job->siblings; i++)
		stim__wait(job->sibling[i]);
}

static void run_worker(struct stim *s, struct worker *w)
{
	w->pid = stim__fork(s, work, w);
	stim__wait(w->pid);
	wait_for_siblings(&w->first);
	wait_for_siblings(&w->second);
	wait_for_siblings(&w->third);
	stim__own(s, w->pid);
	if (!w->idle) {
		stim__own(s, w->third.tid);
		stim__own(s, w->last.pid);
	}
}

static void run_pair(struct stim *s)
{
	struct worker *w = shared(WORKERS * sizeof(*w));

	stim = s;
	for (int i = 0; i < WORKERS; i++) {
		w[i].idle = !i;
		plan_worker(s, &w[i]);
	}
	for (int i = 0; i < WORKERS; i++)
		run_worker(s, &w[i]);
	for (size_t v = 0; v < ARRAY_SIZE(pair_views); v++)
		pair_rows(s, &pair_views[v], w);
	munmap(w, WORKERS * sizeof(*w));
}

/* --- exercise: context switches --- */

enum { CELLS = 3, ACTORS = 3, PHASES = 8 };

/* What the kernel itself counted. */
struct switches {
	long voluntary, involuntary;
};

/* A thread between two changes of its name. */
struct phase {
	char name[NAME];
	bool wakes; /* another thread, which has a higher priority */
	struct switches start, end;
};

struct actor {
	pid_t tid;
	int nr_phases;
	bool blurred; /* switched away while its name changed, or stopped at its end: no truth */
	struct phase phase[PHASES];
	sem_t turn;
};

enum { ALONE, LONG, SHORT, EMPTY, BLANKS, NAMES };

/* A process: actor 0 is its first thread, which waits for the two others. */
struct cell {
	struct actor actor[ACTORS];
	unsigned turns, yields, wakeups;
	char name[NAMES][NAME];
	char inherited[NAME]; /* from the stimulus */
};

static struct cell *cell; /* of this process */

static struct switches switches(int who)
{
	struct rusage usage;

	stim__try(getrusage(who, &usage));
	return (struct switches){ usage.ru_nvcsw, usage.ru_nivcsw };
}

/* The thread's first name is its creator's. */
static void enter(struct actor *a, const char *first)
{
	a->tid = syscall(SYS_gettid);
	strcpy(a->phase[0].name, first);
	a->nr_phases = 1;
}

static void change_name(struct actor *a, int name)
{
	struct phase *old = &a->phase[a->nr_phases - 1], *new = old + 1;

	old->end = switches(RUSAGE_THREAD);
	set_name(cell->name[name]);
	new->start = switches(RUSAGE_THREAD);
	a->blurred |= memcmp(&old->end, &new->start, sizeof(old->end)) != 0;
	strcpy(new->name, cell->name[name]);
	a->nr_phases++;
}

/* Of the threads that are ready, the one with the highest priority runs until it waits: nothing
 * depends on time. A process's first thread has the lowest, so that the others end undisturbed.
 */
static void set_priority(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	stim__try(sched_setscheduler(0, SCHED_FIFO, &param));
}

enum { STIMULUS = 50, FIRST = 60, OTHERS, WOKEN };

static void wait_turn(struct actor *a)
{
	while (sem_wait(&a->turn))
		if (errno != EINTR)
			stim__fail("sem_wait: %s", strerror(errno));
}

static void give_turn(struct actor *a)
{
	stim__try(sem_post(&a->turn));
}

/* Turn and turn about, so that each waits; then both yield to each other; then one wakes the other,
 * which has the higher priority.
 */
static void *waker(void *arg)
{
	struct actor *a = arg, *other = a + 1;

	enter(a, cell->name[ALONE]);
	set_priority(OTHERS);
	change_name(a, LONG);
	for (unsigned i = 0; i < cell->turns; i++) {
		give_turn(other);
		wait_turn(a);
	}
	change_name(a, EMPTY);
	give_turn(other);
	for (unsigned i = 0; i < cell->yields; i++)
		sched_yield();
	wait_turn(a);
	change_name(a, SHORT);
	a->phase[a->nr_phases - 1].wakes = true;
	for (unsigned i = 0; i < cell->wakeups; i++)
		give_turn(other);
	change_name(a, LONG);
	return NULL;
}

static void *woken(void *arg)
{
	struct actor *a = arg, *other = a - 1;

	enter(a, cell->name[ALONE]);
	set_priority(OTHERS);
	change_name(a, BLANKS);
	for (unsigned i = 0; i < cell->turns; i++) {
		wait_turn(a);
		give_turn(other);
	}
	change_name(a, SHORT);
	wait_turn(a);
	for (unsigned i = 0; i < cell->yields; i++)
		sched_yield();
	set_priority(WOKEN);
	give_turn(other);
	for (unsigned i = 0; i < cell->wakeups; i++)
		wait_turn(a);
	change_name(a, BLANKS);
	return NULL;
}

static void act(void *arg)
{
	pthread_t id[2];
	struct actor *a;

	cell = arg;
	a = cell->actor;
	enter(a, cell->inherited);
	set_priority(FIRST);
	change_name(a, ALONE);
	id[0] = start_thread(waker, a + 1);
	id[1] = start_thread(woken, a + 2);
	pthread_join(id[0], NULL);
	pthread_join(id[1], NULL);
	change_name(a, SHORT);
}

static void plan_cell(struct stim *s, struct cell *c)
{
	c->turns = prime(s);
	c->yields = prime(s);
	c->wakeups = prime(s);
	snprintf(c->name[ALONE], NAME, "main-%u", (unsigned)stim__rand(s, 1000));
	snprintf(c->name[LONG], NAME, "archive-%u-builder", (unsigned)stim__rand(s, 9000) + 1000);
	snprintf(c->name[SHORT], NAME, "%c", (char)('a' + stim__rand(s, 26)));
	snprintf(c->name[BLANKS], NAME, "web server %u", (unsigned)stim__rand(s, 100));
	stim__try(prctl(PR_GET_NAME, c->inherited));
	for (int i = 0; i < ACTORS; i++)
		stim__try(sem_init(&c->actor[i].turn, 0, 0));
}

/* What a program counts, and under what. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool tid_is_pid, pid_is_tid, swapped_ids, leader_name, first_name;
	bool in_is_out, no_in, no_out, all_voluntary, preemptible, swapped_outs;
};

static const struct view views[] = {
	{ .sentence = NULL },
	{ .sentence = "the TID column holds process IDs: a thread's ID is called `pid` in the "
		      "kernel, `tgid` is its process's",
	  .tid_is_pid = true },
	{ .sentence = "the PID column holds thread IDs: a process's ID is called `tgid` in the "
		      "kernel, `pid` is a thread's",
	  .pid_is_tid = true },
	{ .sentence = "PID and TID are swapped: the kernel's `pid` is the thread's ID, its `tgid` "
		      "the process's",
	  .swapped_ids = true },
	{ .sentence = "COMM is the name of the process's first thread: each thread has its own",
	  .leader_name = true },
	{ .sentence = "there is one row for each thread, under the first name seen: the name has "
		      "to be a part of the map's key",
	  .first_name = true },
	{ .sentence = "IN counts the thread that leaves: at this tracepoint it is still the "
		      "current one; the one that comes is the argument `next`",
	  .in_is_out = true },
	{ .sentence = "IN is not counted: a switch belongs to two rows, to that of the thread that "
		      "leaves and that of the thread that comes",
	  .no_in = true },
	{ .sentence =
		  "VOL and INVOL are 0, and IN counts the thread that leaves: the arguments are "
		  "one off, the tracepoint's first one is `preempt`",
	  .in_is_out = true,
	  .no_out = true },
	{ .sentence = "every switch without `preempt` counts as VOL: a thread that yields, or that "
		      "is stopped on its way to user space, could run on all the same; its state "
		      "says so",
	  .all_voluntary = true },
	/* The same on a kernel that lets itself be preempted: it switches before it is on its way. */
	{ .sentence =
		  "every switch without `preempt` counts as VOL: a thread that yields could run "
		  "on all the same; its state says so",
	  .all_voluntary = true,
	  .preemptible = true },
	{ .sentence = "VOL and INVOL are swapped: a thread that waits has set its state to "
		      "something else than 0 before",
	  .swapped_outs = true },
};

static void add_phase(const struct view *v, const struct cell *c, const struct actor *a, int i)
{
	const struct phase *p = &a->phase[i];
	bool first = !i, last = i == a->nr_phases - 1;
	unsigned vol = last ? 0 : p->end.voluntary - p->start.voluntary;
	unsigned invol = last ? 0 : p->end.involuntary - p->start.involuntary;
	const char *name = p->name;
	pid_t pid = c->actor[0].tid;
	unsigned in;

	/* It came once before it left for the first time, and never came back from its end. */
	in = vol + invol + first;
	vol += last;
	if (v->in_is_out)
		in = vol + invol;
	if (v->no_in)
		in = 0;
	if (v->no_out)
		vol = invol = 0;
	if (v->all_voluntary && !(v->preemptible && p->wakes)) {
		vol += invol;
		invol = 0;
	}
	if (v->leader_name && a != c->actor)
		name = c->name[ALONE];
	if (v->first_name)
		name = a->phase[0].name;
	if (in || vol || invol)
		add(v->pid_is_tid || v->swapped_ids ? a->tid : pid,
		    v->tid_is_pid || v->swapped_ids ? pid : a->tid, name, in,
		    v->swapped_outs ? invol : vol, v->swapped_outs ? vol : invol);
}

static void switch_rows(struct stim *s, const struct view *v, const struct cell *cells)
{
	stim__mistake(s, v->sentence);
	nr_totals = 0;
	for (int c = 0; c < CELLS; c++)
		for (const struct actor *a = cells[c].actor; a < cells[c].actor + ACTORS; a++)
			for (int i = 0; i < a->nr_phases && !a->blurred; i++)
				add_phase(v, &cells[c], a, i);
	for (size_t i = 0; i < nr_totals; i++)
		stim__row(s, "%d %d %u %u %u %.15s", totals[i].pid, totals[i].tid, totals[i].n[0],
			  totals[i].n[1], totals[i].n[2], totals[i].name);
}

/* The kernel's total of the process, as its parent gets it, is what the threads noted at their last
 * change of name, and the first one's end. If not, something stopped one of them behind that, and
 * nobody knows which.
 */
static void check_total(struct cell *c, struct switches before, struct switches after)
{
	long voluntary = 1, involuntary = 0;

	for (const struct actor *a = c->actor; a < c->actor + ACTORS; a++) {
		voluntary += a->phase[a->nr_phases - 2].end.voluntary;
		involuntary += a->phase[a->nr_phases - 2].end.involuntary;
	}
	if (after.voluntary - before.voluntary != voluntary ||
	    after.involuntary - before.involuntary != involuntary)
		for (struct actor *a = c->actor; a < c->actor + ACTORS; a++)
			a->blurred = true;
}

static void run_cell(struct stim *s, struct cell *c)
{
	struct switches before = switches(RUSAGE_CHILDREN);

	plan_cell(s, c);
	stim__wait(stim__fork(s, act, c));
	check_total(c, before, switches(RUSAGE_CHILDREN));
	for (const struct actor *a = c->actor; a < c->actor + ACTORS; a++)
		if (!a->blurred)
			stim__own(s, a->tid);
}

static void run_exercise(struct stim *s)
{
	struct cell *cells = shared(CELLS * sizeof(*cells));

	set_priority(STIMULUS); /* and so begin all the others, undisturbed */
	for (int c = 0; c < CELLS; c++)
		run_cell(s, &cells[c]);
	for (size_t v = 0; v < ARRAY_SIZE(views); v++)
		switch_rows(s, &views[v], cells);
	munmap(cells, CELLS * sizeof(*cells));
}

const struct test_case pair = {
	.columns = "PID PROCESSES THREADS COMM",
	.own = "PID",
	.run = run_pair,
	.needs = {
		{ "program * section=tp_btf/sched_process_fork type=tracing *",
		  "a tp_btf program at sched_process_fork" },
		{ "program * section=raw_tp/sched_process_fork type=raw_tracepoint *",
		  "a raw_tp program at sched_process_fork" },
		{ "map * type=*hash *", "a hash map" },
	},
};

const struct test_case exercise = {
	.columns = "PID TID IN VOL INVOL COMM",
	.own = "TID",
	.run = run_exercise,
	.needs = {
		{ "program * section=*_*/sched_switch *", "a raw tracepoint program (tp_btf or raw_tp) at sched_switch" },
		{ "relocation * byte_off task_struct.tgid", "a read of task_struct.tgid" },
		{ "relocation * byte_off task_struct.pid", "a read of task_struct.pid" },
		{ "relocation * byte_off task_struct.comm*", "a read of task_struct.comm" },
		{ "map * type=*hash key=2[4-9] *",
		  "a hash map with a process ID, a thread ID and a name as its key" },
	},
};
