// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 11. Pair: sync() calls, who made them and who started that. Exercise: signals, which process
 * gets them. Both cases have the same cast of processes and threads, which waits until all are there.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include "harness.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum {
	PIDFS_MAGIC = 0x50494446, /* linux/magic.h: a pidfd that has an inode of its own */
	SIGNAL = SIGURG,	  /* ignored by who does not ask for it */
	OTHER_SIGNAL = SIGWINCH,  /* likewise */
	MAX_WORKERS = 7,
};

/* --- the cast --- */

struct actor {
	struct actor *process; /* the first thread of its process: itself, when it is that */
	struct actor *parent;  /* the thread that the process belongs to, as the kernel sees it */
	struct actor *tracer;
	void (*play)(struct actor *actor);
	pid_t tid;	    /* of the initial PID namespace */
	unsigned nr_events; /* how often it calls sync() or is sent a signal */
	unsigned nr_threads;
	uint64_t inode; /* of the process's pidfd, 0 where pidfds have none */
	char name[32];	/* the kernel keeps 15 bytes of it */
	sem_t up, go, gone;
};

/* Memory that all the processes share, at one address. */
static struct stage {
	bool sync; /* the pair's: actors call sync() */
	struct actor init, stimulus, weaver, family, worker[MAX_WORKERS], child;
	struct actor stray, first_middle, orphan, second_middle, traced, tracer, keeper, inside;
} * stage;

/* Everyone whose rows are expected. */
static struct actor *cast[32];
static size_t nr_cast;

static struct stim *stim; /* for stim__fork(), by whoever forks */

static struct actor *add_actor(struct stim *s, struct actor *a, const char *fmt)
{
	static const unsigned primes[] = { 2, 3, 5, 7 };

	a->nr_events = primes[stim__rand(s, ARRAY_SIZE(primes))];
	snprintf(a->name, sizeof(a->name), fmt, (unsigned)stim__rand(s, 0x1000));
	cast[nr_cast++] = a;
	return a;
}

static void init_actor(struct actor *a)
{
	stim__try(sem_init(&a->up, 1, 0));
	stim__try(sem_init(&a->go, 1, 0));
	stim__try(sem_init(&a->gone, 1, 0));
}

static void wait_sem(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			stim__fail("sem_wait: %s", strerror(errno));
}

/* Only a pidfs has a number for each process; before 6.9 all pidfds share one inode. */
static uint64_t pidfd_inode(pid_t pid)
{
	int fd = stim__try(syscall(SYS_pidfd_open, pid, 0));
	struct statfs fs;
	struct stat st;

	stim__try(fstatfs(fd, &fs));
	stim__try(fstat(fd, &st));
	close(fd);
	return fs.f_type == PIDFS_MAGIC ? st.st_ino : 0;
}

static void call_sync(const struct actor *a)
{
	for (unsigned i = 0; stage->sync && i < a->nr_events; i++)
		sync();
}

/* What all do: say that they are there, wait for the others, act. */
static void act(struct actor *a)
{
	stim__try(prctl(PR_SET_NAME, a->name));
	if (a->process == a)
		a->inode = pidfd_inode(getpid());
	stim__try(sem_post(&a->up));
	wait_sem(&a->go);
	call_sync(a);
}

static void play(void *arg)
{
	struct actor *a = arg;

	a->play(a);
}

/* Starts a process, which is there when this returns. */
static void start_process(struct actor *a, struct actor *by, void (*fn)(struct actor *))
{
	a->process = a;
	a->parent = by;
	a->play = fn;
	a->nr_threads = 1;
	a->tid = stim__fork(stim, play, a);
	wait_sem(&a->up);
}

static void *thread(void *arg)
{
	struct actor *a = arg;

	a->tid = syscall(SYS_gettid);
	a->play(a);
	return NULL;
}

static pthread_t start_thread(struct actor *a, struct actor *process, void (*fn)(struct actor *))
{
	pthread_t id;
	int err;

	a->process = process;
	a->parent = process->parent;
	a->play = fn;
	process->nr_threads++;
	err = pthread_create(&id, NULL, thread, a);
	if (err)
		stim__fail("pthread_create: %s", strerror(err));
	wait_sem(&a->up);
	return id;
}

/* --- roles --- */

/* A thread that has a child: the kernel makes the thread the child's parent. */
static void play_forker(struct actor *a)
{
	start_process(&stage->child, a, act);
	act(a);
	stim__wait(stage->child.tid);
}

static void play_family(struct actor *a)
{
	pthread_t id[MAX_WORKERS];
	int n = 0;

	for (; n < MAX_WORKERS && stage->worker[n].nr_events; n++)
		id[n] = start_thread(&stage->worker[n], a, n ? act : play_forker);
	act(a);
	while (n--)
		pthread_join(id[n], NULL);
}

static void play_weaver(struct actor *a)
{
	start_process(&stage->family, a, play_family);
	act(a);
	stim__wait(stage->family.tid);
}

/* A process that outlives its parent. */
static void play_orphan(struct actor *a)
{
	stim__try(prctl(PR_SET_PDEATHSIG, 0));
	act(a);
	stim__try(sem_post(&a->gone));
}

/* Starts an orphan and ends. */
static void play_middle(struct actor *a)
{
	struct actor *orphan = a == &stage->first_middle ? &stage->stray : &stage->orphan;

	start_process(orphan, a, play_orphan);
	stim__try(sem_post(&a->up));
}

static void make_orphan(struct actor *orphan, struct actor *middle, struct actor *heir)
{
	start_process(middle, &stage->stimulus, play_middle);
	stim__wait(middle->tid);
	orphan->parent = heir;
}

/* Traces a process that it did not start, and lets it ignore its signals. */
static void play_tracer(struct actor *a)
{
	pid_t pid = stage->traced.tid;
	int status;

	stim__try(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	stim__try(prctl(PR_SET_NAME, a->name));
	stim__try(sem_post(&a->up));
	while (stim__try(waitpid(pid, &status, __WALL)) == pid && WIFSTOPPED(status))
		stim__try(ptrace(PTRACE_CONT, pid, NULL, NULL));
	call_sync(a);
}

/* The first process of a PID namespace: PID 1 to itself. */
static void play_keeper(struct actor *a)
{
	struct actor *inside = &stage->inside;
	pid_t pid;

	stim__try(unshare(CLONE_NEWPID));
	inside->process = inside;
	inside->parent = a;
	inside->nr_threads = 1;
	pid = stim__try(fork());
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		act(inside);
		_exit(0);
	}
	inside->tid = pid;
	wait_sem(&inside->up);
	act(a);
	stim__wait(pid);
}

/* --- the play --- */

/* The agent, whose child this is. */
static void find_init(struct actor *a)
{
	FILE *f = fopen("/proc/1/comm", "re");

	if (getppid() != 1)
		stim__fail("this wants to be a child of process 1, not of %d", getppid());
	if (!f || fscanf(f, "%15s", a->name) != 1)
		stim__fail("/proc/1/comm cannot be read");
	fclose(f);
	a->tid = 1;
	a->process = a;
}

static void write_cast(struct stim *s)
{
	static const char *const names[] = { "forker-%03x", "Web Worker %03x",
					     "long-named-job-%03x", "" };
	struct actor *worker = stage->worker;
	int nr_workers = 4 + stim__rand(s, MAX_WORKERS - 3);

	add_actor(s, &stage->stimulus, "stimulus-%03x");
	add_actor(s, &stage->weaver, "weaver-%03x");
	add_actor(s, &stage->family, "a-family-of-%03x-threads");
	for (int i = 0; i < nr_workers; i++)
		add_actor(s, &worker[i], i < 4 ? names[i] : "worker-%03x");
	add_actor(s, &stage->child, "child-%03x");
	add_actor(s, &stage->stray, "stray-%03x");
	add_actor(s, &stage->orphan, "orphan-%03x");
	add_actor(s, &stage->traced, "traced-%03x");
	add_actor(s, &stage->keeper, "keeper-%03x");
	add_actor(s, &stage->inside, "inside-%03x");
	/* Not one of the cast: its events are nobody's. */
	add_actor(s, &stage->tracer, "tracer-%03x");
	nr_cast--;
}

static void gather(struct stim *s)
{
	struct actor *self = &stage->stimulus, *end = &stage->inside + 1;

	for (struct actor *a = &stage->init; a < end; a++)
		init_actor(a);
	find_init(&stage->init);
	write_cast(s);
	self->process = self;
	self->parent = &stage->init;
	self->tid = getpid();
	self->nr_threads = 1;
	self->inode = pidfd_inode(self->tid);
	stim__try(prctl(PR_SET_NAME, self->name));
}

/* Starts everyone; `weaver` is the thread. */
static void raise_curtain(pthread_t *weaver)
{
	struct actor *self = &stage->stimulus;

	/* The first orphan goes to process 1. The second one stays here. */
	make_orphan(&stage->stray, &stage->first_middle, &stage->init);
	stim__try(prctl(PR_SET_CHILD_SUBREAPER, 1));
	make_orphan(&stage->orphan, &stage->second_middle, self);
	*weaver = start_thread(&stage->weaver, self, play_weaver);
	start_process(&stage->traced, self, act);
	start_process(&stage->tracer, self, play_tracer);
	stage->traced.tracer = &stage->tracer;
	start_process(&stage->keeper, self, play_keeper);
}

static void drop_curtain(pthread_t weaver)
{
	for (size_t i = 0; i < nr_cast; i++)
		stim__try(sem_post(&cast[i]->go));
	call_sync(&stage->stimulus);
	wait_sem(&stage->stray.gone);
	stim__wait(stage->orphan.tid);
	stim__wait(stage->tracer.tid);
	stim__wait(stage->traced.tid);
	stim__wait(stage->keeper.tid);
	pthread_join(weaver, NULL);
}

static void own_cast(struct stim *s)
{
	for (size_t i = 0; i < nr_cast; i++)
		stim__own(s, cast[i]->tid);
}

static void perform(struct stim *s, bool is_pair, void (*scene)(struct stim *))
{
	pthread_t weaver;

	stim = s;
	stage = stim__try(mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	stage->sync = is_pair;
	gather(s);
	raise_curtain(&weaver);
	if (scene)
		scene(s);
	drop_curtain(weaver);
	own_cast(s);
}

/* --- pair: sync() --- */

static void run_pair(struct stim *s)
{
	perform(s, true, NULL);
	for (size_t i = 0; i < nr_cast; i++) {
		const struct actor *a = cast[i], *p = a->process;
		char inode[24] = "-";

		if (p->inode)
			snprintf(inode, sizeof(inode), "%llu", (unsigned long long)p->inode);
		for (unsigned k = 0; k < a->nr_events; k++)
			stim__row(s, "%d %d %d %d %s %.15s %.15s %.15s", p->tid, a->tid,
				  p->parent->process->tid, p->parent->tid, inode, p->name,
				  p->parent->name, a->name);
	}
}

/* --- exercise: signals --- */

static void send_to(const struct actor *a)
{
	for (unsigned i = 0; i < a->nr_events; i++) {
		if (a->process == a)
			stim__try(kill(a->tid, SIGNAL));
		else
			stim__try(syscall(SYS_tgkill, a->process->tid, a->tid, SIGNAL));
	}
}

static void send_signals(struct stim *s)
{
	for (size_t i = 0; i < nr_cast; i++)
		send_to(cast[i]);
	send_to(&stage->tracer);
	for (int n = 1 + stim__rand(s, 5); n; n--)
		stim__try(kill(stage->family.tid, OTHER_SIGNAL));
}

/* What a program reads of a target: the right things, or one of them wrong. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool sender, tid, ptid, traced, thread_name, forker_name, top_thread, top_first;
};

static const struct view views[] = {
	{ .sentence = NULL },
	{ .sentence = "the rows tell of the process that sends the signal: the one that gets it is "
		      "the program's argument `task`",
	  .sender = true },
	{ .sentence = "PID is the ID of the thread that gets the signal: a process's ID is called "
		      "`tgid` in the kernel, `pid` is a thread's",
	  .tid = true },
	{ .sentence =
		  "PPID is the ID of the thread that forked: a process's ID is called `tgid` in "
		  "the kernel, `pid` is a thread's",
	  .ptid = true },
	{ .sentence = "a traced process counts as its tracer's child: `parent` is who gets told of "
		      "its end, `real_parent` is its parent",
	  .traced = true },
	{ .sentence = "NAME is the name of the thread that gets the signal: the process's is its "
		      "group leader's",
	  .thread_name = true },
	{ .sentence = "PARENT is the name of the thread that forked: the process's is its group "
		      "leader's",
	  .forker_name = true },
	{ .sentence = "TOP is the name of the thread that forked: the process's is its group "
		      "leader's",
	  .top_thread = true },
	{ .sentence = "TOP is process 1: stop one step before it", .top_first = true },
};

/* The last one before process 1 on the way up, a thread when that is what forked. */
static const struct actor *find_top(const struct actor *a, bool first)
{
	while (a->parent && (first || a->parent->tid != 1))
		a = a->parent;
	return a;
}

static void signal_row(struct stim *s, const struct view *v, const struct actor *a)
{
	const struct actor *p, *parent, *top;

	if (v->sender)
		a = &stage->stimulus;
	p = a->process;
	parent = v->traced && p->tracer ? p->tracer : p->parent;
	top = find_top(v->top_thread ? a : p, v->top_first);
	stim__row(s, "%d %d %u %.15s %.15s %.15s", v->tid ? a->tid : p->tid,
		  v->ptid ? parent->tid : parent->process->tid, p->nr_threads,
		  v->forker_name ? parent->name : parent->process->name,
		  v->top_thread ? top->name : top->process->name,
		  v->thread_name ? a->name : p->name);
}

static void signal_rows(struct stim *s, const struct view *v, const struct actor *a)
{
	for (unsigned i = 0; i < a->nr_events; i++)
		signal_row(s, v, a);
}

static void run_exercise(struct stim *s)
{
	perform(s, false, send_signals);
	for (const struct view *v = views; v < views + ARRAY_SIZE(views); v++) {
		stim__mistake(s, v->sentence);
		for (size_t i = 0; i < nr_cast; i++)
			signal_rows(s, v, cast[i]);
		/* Nobody's, but the sender is one of the cast. */
		if (v->sender)
			signal_rows(s, v, &stage->tracer);
	}
}

const struct test_case pair = {
	.columns = "PID TID PPID PTID INODE LEADER PARENT COMM",
	.own = "PID",
	.run = run_pair,
	.needs = {
		{ "program * section=ksyscall/sync *", "a program at sync()" },
		{ "relocation * byte_off task_struct.real_parent", "a relocated read of `real_parent`" },
		{ "relocation * field_exists pid.ino", "a question whether `ino` exists" },
		{ "relocation * enumval_exists *BPF_FUNC_get_current_task_btf",
		  "a question whether the helper exists" },
	},
};

const struct test_case exercise = {
	.columns = "PID PPID THREADS PARENT TOP NAME",
	.own = "PID",
	.run = run_exercise,
	.needs = {
		{ "program * section=*/signal_generate *", "a program at signal_generate" },
		{ "relocation * byte_off task_struct.tgid", "a CO-RE read of task_struct.tgid" },
		{ "relocation * byte_off task_struct.real_parent",
		  "a CO-RE read of task_struct.real_parent" },
		{ "relocation * byte_off task_struct.group_leader",
		  "a CO-RE read of task_struct.group_leader" },
		{ "relocation * byte_off task_struct.comm*", "a CO-RE read of task_struct.comm" },
		{ "relocation * byte_off task_struct.signal", "a CO-RE read of task_struct.signal" },
		{ "relocation * byte_off signal_struct.nr_threads",
		  "a CO-RE read of signal_struct.nr_threads" },
	},
};
