// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 01. Pair: clone() calls per process. Exercise: openat() calls per process and thread name. */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/sched.h> /* struct clone_args */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "harness.h"

enum { WORKERS = 4 };

/* --- both cases --- */

/* Zeroed memory that the workers share with this process: they note their thread IDs there. */
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

/* Runs fn in a thread of this process and waits for its end. Returns its thread ID. This is clone()
 * exactly once; pthread_create() makes it clone3() with some C libraries.
 */
static pid_t in_thread(int (*fn)(void *), void *arg)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	static pid_t running; /* the kernel zeroes it when the thread is gone */
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	pid_t tid, seen;

	tid = stim__try(clone(fn, stack + sizeof(stack), flags, arg, &running, NULL, &running));
	while ((seen = __atomic_load_n(&running, __ATOMIC_ACQUIRE)))
		syscall(SYS_futex, &running, FUTEX_WAIT, seen, NULL, NULL, 0);
	return tid;
}

/* --- pair: clone() calls --- */

struct cloner {
	unsigned good;	 /* clone() calls of the first thread */
	unsigned bad;	 /* more of them, which the kernel refuses */
	unsigned thread; /* calls of a second thread; to start it is one more of the first's */
	unsigned others; /* of clone3(), fork() and vfork() each */
	pid_t pid, tid;
};

/* Called in the parent and in the child, which ends here. */
static void child(pid_t pid)
{
	if (!pid)
		_exit(0);
	stim__try(waitpid(pid, NULL, 0));
}

static void clones(unsigned n)
{
	while (n--)
		child(stim__try(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)));
}

/* There is no thread without the process's signal handlers. */
static void bad_clones(unsigned n)
{
	while (n--) {
		if (syscall(SYS_clone, CLONE_THREAD, NULL, NULL, NULL, 0) != -1)
			stim__fail("clone: bad flags were not refused");
	}
}

static void other_children(unsigned n)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	while (n--) {
		child(stim__try(syscall(SYS_clone3, &args, sizeof(args))));
		child(stim__try(syscall(SYS_fork)));
		child(stim__try(vfork()));
	}
}

static int cloning_thread(void *arg)
{
	struct cloner *c = arg;

	clones(c->thread);
	return 0;
}

static void cloner(void *arg)
{
	struct cloner *c = arg;

	other_children(c->others);
	clones(c->good);
	bad_clones(c->bad);
	if (c->thread)
		c->tid = in_thread(cloning_thread, c);
}

static unsigned started(const struct cloner *c)
{
	return c->thread ? 1 : 0;
}

/* A line, unless there was nothing to count. */
static void clone_row(struct stim *s, pid_t pid, unsigned count)
{
	if (count)
		stim__row(s, "%d %u", pid, count);
}

static void clone_rows(struct stim *s, const struct cloner *c)
{
	for (int i = 0; i < WORKERS; i++)
		clone_row(s, c[i].pid, c[i].good + c[i].bad + c[i].thread + started(&c[i]));

	stim__mistake(s, "the PID column holds thread IDs: a process has one ID, its threads have "
			 "one each");
	for (int i = 0; i < WORKERS; i++) {
		clone_row(s, c[i].pid, c[i].good + c[i].bad + started(&c[i]));
		clone_row(s, c[i].tid, c[i].thread);
	}

	stim__mistake(s,
		      "clone3(), fork() and vfork() are counted too: they are calls of their own");
	for (int i = 0; i < WORKERS; i++)
		clone_row(s, c[i].pid,
			  c[i].good + c[i].bad + c[i].thread + started(&c[i]) + 3 * c[i].others);
}

static void run_pair(struct stim *s)
{
	struct cloner *c = shared(WORKERS * sizeof(*c));

	/* The first one gets no row: not one of its calls is clone(). */
	for (int i = 0; i < WORKERS; i++) {
		c[i].good = i ? prime(s) : 0;
		c[i].bad = i ? stim__rand(s, 4) : 0;
		c[i].thread = i ? prime(s) : 0;
		c[i].others = 1 + stim__rand(s, 4);
	}
	for (int i = 0; i < WORKERS; i++) {
		c[i].pid = stim__fork(s, cloner, &c[i]);
		stim__wait(c[i].pid);
		stim__own(s, c[i].pid);
		if (c[i].tid)
			stim__own(s, c[i].tid);
	}
	clone_rows(s, c);
	munmap(c, WORKERS * sizeof(*c));
}

/* --- exercise: openat() calls --- */

enum { LONG, SHORT, EMPTY, BLANKS, NAMES };

/* What each worker does one after the other. Its first thread changes its name as it goes; all the
 * workers use the same names.
 */
static const struct {
	int name;
	bool thread; /* in a thread made for this, which has a name of its own */
} script[] = {
	{ LONG, false }, { SHORT, false }, { EMPTY, false }, { BLANKS, true },
	{ LONG, true },	 { LONG, false },  { SHORT, false },
};

enum { JOBS = ARRAY_SIZE(script) };

struct job {
	char name[24];	/* the kernel keeps 15 bytes of it */
	unsigned good;	/* openat() calls that open a file */
	unsigned bad;	/* that find none */
	unsigned other; /* calls of open(), creat() and openat2() each */
	pid_t tid;
};

struct opener {
	struct job job[JOBS];
	pid_t pid;
};

static int open_files(void *arg)
{
	const char *null = "/dev/null";
	struct open_how how = { .flags = O_RDONLY };
	struct job *job = arg;

	stim__try(prctl(PR_SET_NAME, job->name));
	for (unsigned i = 0; i < job->good; i++)
		close(stim__try(syscall(SYS_openat, AT_FDCWD, null, O_RDONLY)));
	for (unsigned i = 0; i < job->bad; i++) {
		if (syscall(SYS_openat, -1, "nowhere", O_RDONLY) != -1)
			stim__fail("openat: opened a file in no folder");
	}
	for (unsigned i = 0; i < job->other; i++) {
		close(stim__try(syscall(SYS_open, null, O_RDONLY)));
		close(stim__try(syscall(SYS_creat, null, 0600)));
		close(stim__try(syscall(SYS_openat2, AT_FDCWD, null, &how, sizeof(how))));
	}
	return 0;
}

static void opener(void *arg)
{
	struct opener *o = arg;

	for (int i = 0; i < JOBS; i++) {
		if (script[i].thread) {
			o->job[i].tid = in_thread(open_files, &o->job[i]);
		} else {
			o->job[i].tid = getpid();
			open_files(&o->job[i]);
		}
	}
}

/* What a program counts, and under what: the right one, or one that makes a mistake. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool tid;
	enum { CALLER, FIRST, LAST, LEADER } name; /* whose */
	bool only_good, all_calls, not_first;
	int times;
};

static const struct view views[] = {
	{ .times = 1 },
	{ .sentence = "the PID column holds thread IDs: a process has one ID, its threads have one "
		      "each",
	  .tid = true,
	  .times = 1 },
	{ .sentence =
		  "there is one row for each process, under the first name seen: the name has to "
		  "be a part of the map's key",
	  .name = FIRST,
	  .times = 1 },
	{ .sentence =
		  "there is one row for each process, under the last name seen: the name has to "
		  "be a part of the map's key",
	  .name = LAST,
	  .times = 1 },
	{ .sentence = "the name is that of the process's first thread: each thread has its own",
	  .name = LEADER,
	  .times = 1 },
	{ .sentence = "calls that fail are missing: a call counts when it starts",
	  .only_good = true,
	  .times = 1 },
	{ .sentence = "open(), creat() and openat2() are counted too: they are calls of their own",
	  .all_calls = true,
	  .times = 1 },
	{ .sentence = "each row lacks one call: the one that found no entry in the map and made it",
	  .not_first = true,
	  .times = 1 },
	{ .sentence = "the table is printed twice: print it once, at the end", .times = 2 },
};

static unsigned job_count(const struct view *view, const struct job *job)
{
	return job->good + (view->only_good ? 0 : job->bad) +
	       (view->all_calls ? 3 * job->other : 0);
}

static const char *job_name(const struct view *view, const struct opener *o, int i)
{
	switch (view->name) {
	case FIRST:
		return o->job[0].name;
	case LAST:
		return o->job[JOBS - 1].name;
	case LEADER:
		while (script[i].thread)
			i--;
		return o->job[i].name;
	default:
		return o->job[i].name;
	}
}

/* Whether two jobs of a worker are counted in the same row. */
static bool same_row(const struct view *view, const struct opener *o, int a, int b)
{
	return (!view->tid || o->job[a].tid == o->job[b].tid) &&
	       !strcmp(job_name(view, o, a), job_name(view, o, b));
}

static void opener_rows(struct stim *s, const struct view *view, const struct opener *o)
{
	for (int i = 0; i < JOBS; i++) {
		unsigned count = 0;
		bool printed = false;

		for (int k = 0; k < JOBS; k++) {
			if (!same_row(view, o, i, k))
				continue;
			printed |= k < i;
			count += job_count(view, &o->job[k]);
		}
		if (printed || !count)
			continue;
		stim__row(s, "%d %u %.15s", view->tid ? o->job[i].tid : o->pid,
			  count - view->not_first, job_name(view, o, i));
	}
}

/* Names and numbers that change with the seed. The first worker gets no row: it never calls openat(). */
static void plan(struct stim *s, struct opener *o)
{
	unsigned a = stim__rand(s, 900) + 100, b = stim__rand(s, 90) + 10;
	char names[NAMES][sizeof(o->job[0].name)];

	snprintf(names[LONG], sizeof(names[LONG]), "archive-%u-builder", a);
	snprintf(names[SHORT], sizeof(names[SHORT]), "%c", (char)('a' + stim__rand(s, 26)));
	snprintf(names[EMPTY], sizeof(names[EMPTY]), "%s", "");
	snprintf(names[BLANKS], sizeof(names[BLANKS]), "web server %u%%s", b);

	for (int i = 0; i < WORKERS; i++) {
		for (int k = 0; k < JOBS; k++) {
			struct job *job = &o[i].job[k];

			strcpy(job->name, names[script[k].name]);
			job->good = i ? prime(s) : 0;
			job->bad = i ? stim__rand(s, 4) : 0;
			job->other = 1 + stim__rand(s, 3);
		}
	}
}

static void run_exercise(struct stim *s)
{
	struct opener *o = shared(WORKERS * sizeof(*o));

	plan(s, o);
	for (int i = 0; i < WORKERS; i++) {
		o[i].pid = stim__fork(s, opener, &o[i]);
		stim__wait(o[i].pid);
		stim__own(s, o[i].pid);
		for (int k = 0; k < JOBS; k++) {
			if (script[k].thread)
				stim__own(s, o[i].job[k].tid);
		}
	}
	for (size_t v = 0; v < ARRAY_SIZE(views); v++) {
		if (views[v].sentence)
			stim__mistake(s, views[v].sentence);
		for (int n = 0; n < WORKERS * views[v].times; n++)
			opener_rows(s, &views[v], &o[n % WORKERS]);
	}
	munmap(o, WORKERS * sizeof(*o));
}

const struct test_case pair = {
	.columns = "PID COUNT",
	.own = "PID",
	.run = run_pair,
	.needs = {
		{ "program * section=ksyscall/clone *", "a program at clone(), by its system call name" },
		{ "map * type=*hash key=4 *", "a hash map with a process ID as its key" },
	},
};

const struct test_case exercise = {
	.columns = "PID COUNT COMM",
	.own = "PID",
	.run = run_exercise,
	.needs = {
		{ "program * section=ksyscall/openat *",
		  "a program at openat(), by its system call name (ksyscall)" },
		{ "map * type=*hash key=2[0-9] *",
		  "a hash map with a process ID and a name as its key" },
	},
};
