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
	MIN_LINKS = 17, /* no walk of 16 steps gets to the end */
	MAX_LINKS = 20,
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
	uint64_t inode;	    /* of the process's pidfd, 0 where pidfds have none */
	char name[32];	    /* the kernel keeps 15 bytes of it */
	sem_t up, go, gone; /* gone: another may end, too */
};

/* Memory that all the processes share, at one address. */
static struct stage {
	bool sync;	   /* the pair's: actors call sync() */
	unsigned nr_other; /* OTHER_SIGNALs sent */
	struct actor idle, init, kthreadd, stimulus, weaver, family, worker[MAX_WORKERS], child;
	struct actor link[MAX_LINKS], stray, orphan, traced, tracer, middle[3], keeper, inside;
} * stage;

/* Everyone whose rows are expected. */
static struct actor *cast[64];
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

/* All of the family, so that it is complete when it is told that the child has ended. */
static void play_member(struct actor *a)
{
	act(a);
	wait_sem(&a->gone);
}

/* A thread that has a child: the kernel makes the thread the child's parent. */
static void play_forker(struct actor *a)
{
	start_process(&stage->child, a, act);
	act(a);
	stim__wait(stage->child.tid);
	for (int i = 1; i < MAX_WORKERS; i++)
		stim__try(sem_post(&stage->worker[i].gone));
}

static void play_family(struct actor *a)
{
	pthread_t id[MAX_WORKERS];
	int n = 0;

	for (; n < MAX_WORKERS && stage->worker[n].nr_events; n++)
		id[n] = start_thread(&stage->worker[n], a, n ? play_member : play_forker);
	act(a);
	while (n--)
		pthread_join(id[n], NULL);
}

static void play_weaver(struct actor *a)
{
	start_process(&stage->family, a, play_family);
	act(a);
	stim__wait(stage->family.tid);
	wait_sem(&a->gone);
}

/* One of a long line of parents and children. */
static void play_link(struct actor *a)
{
	struct actor *next = a + 1;
	bool last = next == stage->link + MAX_LINKS || !next->nr_events;

	if (!last)
		start_process(next, a, play_link);
	act(a);
	if (!last)
		stim__wait(next->tid);
}

/* A process that outlives its parent. */
static void play_orphan(struct actor *a)
{
	stim__try(prctl(PR_SET_PDEATHSIG, 0));
	act(a);
	stim__try(sem_post(&a->gone));
}

/* Traces a process that it did not start, and lets it ignore its signals. An orphan as well, so that
 * whoever takes it for a parent comes to another top.
 */
static void play_tracer(struct actor *a)
{
	pid_t pid = stage->traced.tid;
	int status;

	stim__try(prctl(PR_SET_PDEATHSIG, 0));
	stim__try(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	stim__try(prctl(PR_SET_NAME, a->name));
	stim__try(sem_post(&a->up));
	while (stim__try(waitpid(pid, &status, __WALL)) == pid && WIFSTOPPED(status))
		stim__try(ptrace(PTRACE_CONT, pid, NULL, NULL));
	call_sync(a);
	stim__try(sem_post(&a->gone));
}

/* Starts an orphan and ends. */
static void play_middle(struct actor *a)
{
	struct actor *const orphans[] = { &stage->stray, &stage->tracer, &stage->orphan };
	struct actor *orphan = orphans[a - stage->middle];

	start_process(orphan, a, orphan == &stage->tracer ? play_tracer : play_orphan);
	stim__try(sem_post(&a->up));
}

static void make_orphan(struct actor *orphan, struct actor *middle, struct actor *heir)
{
	start_process(middle, &stage->stimulus, play_middle);
	stim__wait(middle->tid);
	orphan->parent = heir;
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

/* One that has been there since boot. */
static void find_first(struct actor *a, pid_t pid)
{
	char path[32];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%15s", a->name) != 1)
		stim__fail("%s cannot be read", path);
	fclose(f);
	a->tid = pid;
	a->process = a;
	a->parent = &stage->idle;
	a->nr_threads = 1;
}

/* Process 1 is the agent, whose child this is. What the kernel runs has no process 1 above it. */
static void find_forebears(void)
{
	struct actor *idle = &stage->idle;

	if (getppid() != 1)
		stim__fail("this wants to be a child of process 1, not of %d", getppid());
	*idle = (struct actor){ .process = idle, .name = "swapper/0" };
	find_first(&stage->init, 1);
	find_first(&stage->kthreadd, 2);
}

static void write_cast(struct stim *s)
{
	static const char *const names[] = { "forker-%03x", "Web Worker %03x",
					     "long-named-job-%03x", "" };
	struct actor *worker = stage->worker;
	int nr_workers = 4 + stim__rand(s, MAX_WORKERS - 3);
	int nr_links = MIN_LINKS + stim__rand(s, MAX_LINKS - MIN_LINKS + 1);

	add_actor(s, &stage->stimulus, "stimulus-%03x");
	add_actor(s, &stage->weaver, "weaver-%03x");
	add_actor(s, &stage->family, "a-family-of-%03x-threads");
	for (int i = 0; i < nr_workers; i++)
		add_actor(s, &worker[i], i < 4 ? names[i] : "worker-%03x");
	add_actor(s, &stage->child, "child-%03x");
	for (int i = 0; i < nr_links; i++)
		add_actor(s, &stage->link[i], "link-%03x")->nr_events = i < nr_links - 1 ? 1 : 3;
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

	for (struct actor *a = &stage->idle; a < end; a++)
		init_actor(a);
	find_forebears();
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

	start_process(&stage->traced, self, act);
	stage->traced.tracer = &stage->tracer;
	/* The first orphans go to process 1. The last one stays here. */
	make_orphan(&stage->stray, &stage->middle[0], &stage->init);
	make_orphan(&stage->tracer, &stage->middle[1], &stage->init);
	stim__try(prctl(PR_SET_CHILD_SUBREAPER, 1));
	make_orphan(&stage->orphan, &stage->middle[2], self);
	*weaver = start_thread(&stage->weaver, self, play_weaver);
	start_process(&stage->link[0], self, play_link);
	start_process(&stage->keeper, self, play_keeper);
}

static void drop_curtain(pthread_t weaver)
{
	for (size_t i = 0; i < nr_cast; i++)
		stim__try(sem_post(&cast[i]->go));
	call_sync(&stage->stimulus);
	wait_sem(&stage->stray.gone);
	stim__wait(stage->orphan.tid);
	wait_sem(&stage->tracer.gone);
	stim__wait(stage->traced.tid);
	stim__wait(stage->link[0].tid);
	stim__wait(stage->keeper.tid);
	stim__try(sem_post(&stage->weaver.gone));
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
	stage->kthreadd.nr_events = 1 + stim__rand(s, 3);
	for (size_t i = 0; i < nr_cast; i++)
		send_to(cast[i]);
	send_to(&stage->kthreadd); /* ignores it, and has its rows all the same */
	send_to(&stage->tracer);
	stage->nr_other = 1 + stim__rand(s, 5);
	for (unsigned n = 0; n < stage->nr_other; n++)
		stim__try(kill(stage->family.tid, OTHER_SIGNAL));
}

/* What a program reads of a target: the right things, or one of them wrong. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool sender, tid, ptid, thread_name, forker_name, top_thread, top_first, top_zero;
	bool tracer_id, tracer_name, tracer_top, others, no_walk;
	unsigned steps; /* that the walk ends after; 0: when it is done */
};

#define REAL_PARENT "`parent` is who gets told of its end, `real_parent` is its parent"

static const struct view views[] = {
	{ .sentence = NULL },
	{ .sentence = "the rows tell of the process that sends the signal: the one that gets it is "
		      "the program's argument `task`",
	  .sender = true },
	{ .sentence = "there are rows of other signals: leave at once unless the signal is SIGURG",
	  .others = true },
	{ .sentence = "PID is the ID of the thread that gets the signal: a process's ID is called "
		      "`tgid` in the kernel, `pid` is a thread's",
	  .tid = true },
	{ .sentence =
		  "PPID is the ID of the thread that forked: a process's ID is called `tgid` in "
		  "the kernel, `pid` is a thread's",
	  .ptid = true },
	{ .sentence = "a traced process counts as its tracer's child: " REAL_PARENT,
	  .tracer_id = true,
	  .tracer_name = true },
	{ .sentence = "PPID of a traced process is its tracer's ID: " REAL_PARENT,
	  .tracer_id = true },
	{ .sentence = "PARENT of a traced process is its tracer's name: " REAL_PARENT,
	  .tracer_name = true },
	{ .sentence = "TOP of a traced process is its tracer's: " REAL_PARENT, .tracer_top = true },
	{ .sentence = "PPID, PARENT and TOP of a traced process are its tracer's: " REAL_PARENT,
	  .tracer_id = true,
	  .tracer_name = true,
	  .tracer_top = true },
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
	{ .sentence = "TOP of a kernel thread is swapper/0, whose ID is 0: stop one step before "
		      "that, too",
	  .top_zero = true },
	{ .sentence = "TOP is always the same as NAME: go up from parent to parent",
	  .no_walk = true },
	{ .sentence = "TOP is never more than one step up: go on from there", .steps = 1 },
	{ .sentence = "the walk to TOP ends after 2 steps: up to 32 may be needed", .steps = 2 },
	{ .sentence = "the walk to TOP ends after 3 steps: up to 32 may be needed", .steps = 3 },
	{ .sentence = "the walk to TOP ends after 4 steps: up to 32 may be needed", .steps = 4 },
	{ .sentence = "the walk to TOP ends after 5 steps: up to 32 may be needed", .steps = 5 },
	{ .sentence = "the walk to TOP ends after 8 steps: up to 32 may be needed", .steps = 8 },
	{ .sentence = "the walk to TOP ends after 10 steps: up to 32 may be needed", .steps = 10 },
	{ .sentence = "the walk to TOP ends after 16 steps: up to 32 may be needed", .steps = 16 },
};

static bool is_top(const struct view *v, const struct actor *a, const struct actor *up)
{
	if (!up || v->no_walk)
		return true;
	if (v->top_first)
		return a->tid <= 1;
	return v->top_zero ? up->tid == 1 : up->tid <= 1;
}

/* The last one before process 1 on the way up, a thread when that is what forked. */
static const struct actor *find_top(const struct view *v, const struct actor *a)
{
	for (unsigned i = 0; !v->steps || i < v->steps; i++) {
		const struct actor *up = v->tracer_top && a->tracer ? a->tracer : a->parent;

		if (is_top(v, a, up))
			break;
		a = up;
	}
	return a;
}

static void signal_row(struct stim *s, const struct view *v, const struct actor *a)
{
	const struct actor *p, *parent, *tracer, *top;

	if (v->sender)
		a = &stage->stimulus;
	p = a->process;
	parent = p->parent;
	tracer = p->tracer ? p->tracer : parent;
	top = find_top(v, v->top_thread ? a : p);
	stim__row(s, "%d %d %u %.15s %.15s %.15s", v->tid ? a->tid : p->tid,
		  v->tracer_id ? tracer->process->tid
		  : v->ptid    ? parent->tid
			       : parent->process->tid,
		  p->nr_threads,
		  v->tracer_name   ? tracer->process->name
		  : v->forker_name ? parent->name
				   : parent->process->name,
		  v->top_thread ? top->name : top->process->name,
		  v->thread_name ? a->name : p->name);
}

static void signal_rows(struct stim *s, const struct view *v, const struct actor *a)
{
	for (unsigned i = 0; i < a->nr_events; i++)
		signal_row(s, v, a);
}

/* The rows of other signals: one that is sent to the family, and SIGCHLD, which the kernel sends to
 * the parent's process when a child ends. Three of them end before the stimulus has a second thread.
 */
static void other_rows(struct stim *s, const struct view *v)
{
	struct actor *self = &stage->stimulus;

	for (unsigned n = 0; n < stage->nr_other; n++)
		signal_row(s, v, &stage->family);
	for (size_t i = 0; i < nr_cast; i++)
		if (cast[i]->process == cast[i] && cast[i]->parent->tid > 1)
			signal_row(s, v, cast[i]->parent);
	self->nr_threads--;
	for (size_t i = 0; i < ARRAY_SIZE(stage->middle); i++)
		signal_row(s, v, self);
	self->nr_threads++;
}

static void run_exercise(struct stim *s)
{
	perform(s, false, send_signals);
	stim__own(s, stage->kthreadd.tid);
	for (const struct view *v = views; v < views + ARRAY_SIZE(views); v++) {
		stim__mistake(s, v->sentence);
		for (size_t i = 0; i < nr_cast; i++)
			signal_rows(s, v, cast[i]);
		signal_rows(s, v, &stage->kthreadd);
		/* Nobody's, but the sender is one of the cast. */
		if (v->sender)
			signal_rows(s, v, &stage->tracer);
		if (v->others)
			other_rows(s, v);
	}
}

const struct test_case pair = {
	.columns = "PID TID PPID PTID INODE LEADER PARENT COMM",
	.own = "PID",
	.run = run_pair,
	.needs = {
		{ "program * section=ksyscall/sync *", "a program at sync()" },
		{ "relocation * byte_off task_struct.real_parent", "a CO-RE read of task_struct.real_parent" },
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
		{ "program * section=*/signal_generate type=raw_tracepoint *",
		  "a program at the raw tracepoint signal_generate" },
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
