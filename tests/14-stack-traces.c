// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 14. Pair: the paths on which eventfds are read. Exercise: where a process spends its time. */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "harness.h"

/* User stacks are found by frame pointers, so functions that are to be seen keep them and call each
 * other; noipa keeps their names.
 */
#pragma GCC optimize("no-omit-frame-pointer", "no-optimize-sibling-calls")
#define SEEN __attribute__((noipa))

/* --- both cases --- */

/* Zeroed memory that this process shares with its children. */
static void *shared(size_t size)
{
	return stim__try(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

/* The outermost function of a stack: there is no frame above it. Calls fn(arg). */
SEEN __attribute__((naked)) static void begin(void (*fn)(void *) __maybe_unused,
					      void *arg __maybe_unused)
{
	asm("push %rbp\n\t"
	    "xor %ebp, %ebp\n\t"
	    "mov %rdi, %rax\n\t"
	    "mov %rsi, %rdi\n\t"
	    "call *%rax\n\t"
	    "pop %rbp\n\t"
	    "ret");
}

/* What system calls are made with: the number and six arguments. The C library's functions for it have
 * no frame pointers.
 */
#define SYSCALL                  \
	"mov (%rdi), %rax\n\t"   \
	"mov 16(%rdi), %rsi\n\t" \
	"mov 24(%rdi), %rdx\n\t" \
	"mov 32(%rdi), %r10\n\t" \
	"mov 40(%rdi), %r8\n\t"  \
	"mov 48(%rdi), %r9\n\t"  \
	"mov 8(%rdi), %rdi\n\t"  \
	"syscall\n\t"

SEEN __attribute__((naked)) static long take(const long args[7] __maybe_unused)
{
	asm("push %rbp\n\t"
	    "mov %rsp, %rbp\n\t" SYSCALL "pop %rbp\n\t"
	    "ret");
}

/* Has no frame, so whoever looks for its caller finds the caller's caller. */
SEEN __attribute__((naked)) static long bare(const long args[7] __maybe_unused)
{
	asm(SYSCALL "ret");
}

/* A thread of this process, which is waited for by join_thread(). */
struct thread {
	char stack[64 << 10] __attribute__((aligned(16)));
	pid_t tid, running; /* the kernel zeroes the latter when the thread is gone */
};

static void start_thread(struct thread *t, int (*fn)(void *), void *arg)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

	t->tid = stim__try(
		clone(fn, t->stack + sizeof(t->stack), flags, arg, &t->running, NULL, &t->running));
}

static void join_thread(struct thread *t)
{
	pid_t seen;

	while ((seen = __atomic_load_n(&t->running, __ATOMIC_ACQUIRE)))
		syscall(SYS_futex, &t->running, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static int load(const int *n)
{
	return __atomic_load_n(n, __ATOMIC_SEQ_CST);
}

static void wait_until(const int *n, int value)
{
	int64_t end = now_ms() + 40000;

	while (load(n) != value) {
		if (now_ms() > end)
			stim__fail("a process did not come as far as it should");
		poll(NULL, 0, 1);
	}
}

/* What a process does when all else is done: the tools look for the names of its functions after the
 * stimulus has ended. It leaves the stimulus's session, or it would be killed.
 */
static void stay(int *done)
{
	stim__try(prctl(PR_SET_PDEATHSIG, 0));
	stim__try(setsid());
	__atomic_store_n(done, 1, __ATOMIC_SEQ_CST);
	poll(NULL, 0, 60000);
}

/* --- pair: reads of an eventfd --- */

enum path { READ, READV, NR_PATHS };
enum chain { FETCH, DRAIN, DIG, BARE, NR_CHAINS };
enum { WORKERS = 3, MAX_JOBS = 16, DEPTH = 150, MAX_FRAMES = 127 };

struct job {
	enum chain chain;
	enum path path;
	unsigned nr;
	bool blocks; /* once, until the stimulus wakes it; else each read fails or has something */
	bool fails;
	bool thread; /* by another thread of the process */
};

struct worker {
	struct job job[MAX_JOBS];
	size_t nr;
	pid_t pid;
	int done;
	bool ends; /* before the tools do */
};

static struct stage {
	struct worker worker[WORKERS];
	int fd;	   /* the eventfd */
	int waits; /* how many reads that block came */
} * stage;

static char kernel_stack[NR_PATHS]
			[1024]; /* ";entry_SYSCALL...;eventfd_read", as the kernel tells */

static void prepare(long args[7], enum path path)
{
	static uint64_t value;
	static const struct iovec iov = { &value, sizeof(value) };
	const void *to = path == READ ? (const void *)&value : &iov;

	args[0] = path == READ ? SYS_read : SYS_readv;
	args[1] = stage->fd;
	args[2] = (long)to;
	args[3] = path == READ ? sizeof(value) : 1;
	args[4] = args[5] = args[6] = 0;
}

SEEN static long fetch(const long *args)
{
	return take(args);
}

SEEN static long drain(const long *args)
{
	return take(args);
}

SEEN static long hurry(const long *args)
{
	return bare(args);
}

SEEN static long dig(const long *args, int depth)
{
	return depth > 1 ? dig(args, depth - 1) : take(args);
}

/* One call per chain, so that the return address is the same. */
SEEN static void serve(void *arg)
{
	const struct job *job = arg;
	long args[7];

	prepare(args, job->path);
	for (unsigned i = 0; i < job->nr; i++) {
		uint64_t one = 1;
		long ret = 0;

		if (job->blocks)
			__atomic_add_fetch(&stage->waits, 1, __ATOMIC_SEQ_CST);
		else if (!job->fails)
			stim__try(write(stage->fd, &one, sizeof(one)));
		switch (job->chain) {
		case FETCH:
			ret = fetch(args);
			break;
		case DRAIN:
			ret = drain(args);
			break;
		case DIG:
			ret = dig(args, DEPTH);
			break;
		default:
			ret = hurry(args);
		}
		if (ret != (job->fails ? -EAGAIN : (long)sizeof(one)))
			stim__fail("read of an eventfd: %ld", ret);
	}
}

static void set_blocking(bool blocks)
{
	int flags = stim__try(fcntl(stage->fd, F_GETFL));

	stim__try(fcntl(stage->fd, F_SETFL, blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK));
}

static int in_thread(void *arg)
{
	begin(serve, arg);
	return 0;
}

static void work(void *arg)
{
	static struct thread thread;
	struct worker *w = arg;

	for (size_t i = 0; i < w->nr; i++) {
		set_blocking(w->job[i].blocks);
		if (w->job[i].thread) {
			start_thread(&thread, in_thread, &w->job[i]);
			join_thread(&thread);
		} else {
			begin(serve, &w->job[i]);
		}
	}
	if (!w->ends)
		stay(&w->done);
}

static void add_job(struct stim *s, struct worker *w, enum chain chain, enum path path)
{
	static const unsigned primes[] = { 2, 3, 5, 7, 11, 13 };
	struct job *job = &w->job[w->nr++];

	*job = (struct job){ .chain = chain, .path = path };
	job->nr = primes[stim__rand(s, ARRAY_SIZE(primes))];
}

/* The first process waits once on each path, the second has a thread, the third ends. */
static void plan_reads(struct stim *s)
{
	struct worker *w = stage->worker;

	for (int path = 0; path < NR_PATHS; path++) {
		add_job(s, &w[0], FETCH, path);
		w[0].job[path].blocks = true;
		w[0].job[path].nr = 1;
	}
	add_job(s, &w[0], FETCH, READ);
	add_job(s, &w[0], FETCH, READV);
	add_job(s, &w[0], DRAIN, READ);
	add_job(s, &w[0], BARE, READ);
	add_job(s, &w[0], DIG, stim__rand(s, NR_PATHS));
	for (int i = 0; i < 4; i++) {
		add_job(s, &w[1], stim__rand(s, 2) ? FETCH : DRAIN, i % NR_PATHS);
		w[1].job[i].thread = i & 1;
		w[1].job[i].fails = i & 2;
	}
	add_job(s, &w[2], FETCH, READ);
	add_job(s, &w[2], FETCH, READV);
	w[2].ends = true;
}

/* Reads what the kernel itself says where a process waits, of lines like
 * "[<0>] eventfd_read+0xb5/0x1a0" the names from eventfd_read() on. False: not there yet.
 */
static bool read_kernel_stack(pid_t pid, char *stack, size_t size)
{
	char path[64], line[256], name[128], rest[1024] = "";
	bool seen = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	f = fopen(path, "re");
	if (!f)
		stim__fail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "[<%*[^>]>] %127[^+\n]", name) != 1)
			continue;
		seen |= !strcmp(name, "eventfd_read");
		if (!seen)
			continue;
		snprintf(stack, size, ";%s%s", name, rest);
		strcpy(rest, stack);
	}
	fclose(f);
	return seen;
}

static void watch_waiting(pid_t pid)
{
	int64_t end = now_ms() + 20000;
	uint64_t one = 1;

	for (int path = 0; path < NR_PATHS; path++) {
		wait_until(&stage->waits, path + 1);
		while (!read_kernel_stack(pid, kernel_stack[path], sizeof(kernel_stack[path]))) {
			if (now_ms() > end)
				stim__fail("process %d does not wait in eventfd_read()", pid);
			poll(NULL, 0, 1);
		}
		stim__try(write(stage->fd, &one, sizeof(one)));
	}
}

/* The names of the frames on the user's side, and for a process that is gone, none. */
static void name_chain(char *text, enum chain chain, bool known)
{
	static const char *const names[] = {
		[FETCH] = "begin;serve;fetch;take",
		[DRAIN] = "begin;serve;drain;take",
		[BARE] = "begin;serve;bare",
	};

	*text = '\0';
	if (!known) {
		strcpy(text, "[unknown];[unknown];[unknown];[unknown]");
	} else if (chain != DIG) {
		strcpy(text, names[chain]);
	} else {
		for (int i = 1; i < MAX_FRAMES; i++)
			text = stpcpy(text, "dig;");
		strcpy(text, "take");
	}
}

/* One row for each path of a process that prints the same. */
static void tell_worker(struct stim *s, const struct worker *w)
{
	for (int path = 0; path < NR_PATHS; path++) {
		for (int chain = 0; chain < NR_CHAINS; chain++) {
			char user[1024];
			unsigned nr = 0;

			for (size_t i = 0; i < w->nr; i++)
				if ((int)w->job[i].path == path && (int)w->job[i].chain == chain)
					nr += w->job[i].nr;
			name_chain(user, chain, !w->ends);
			if (nr)
				stim__row(s, "%d %u %s%s", w->pid, nr, user, kernel_stack[path]);
		}
	}
}

static void run_pair(struct stim *s)
{
	stage = shared(sizeof(*stage));
	stage->fd = stim__try(eventfd(0, EFD_CLOEXEC));
	plan_reads(s);
	for (struct worker *w = stage->worker; w < stage->worker + WORKERS; w++) {
		w->pid = stim__fork(s, work, w);
		stim__own(s, w->pid);
		if (w == stage->worker)
			watch_waiting(w->pid);
		if (w->ends)
			stim__wait(w->pid);
		else
			wait_until(&w->done, 1);
	}
	for (struct worker *w = stage->worker; w < stage->worker + WORKERS; w++)
		tell_worker(s, w);
}

const struct test_case pair = {
	.columns = "PID COUNT STACK",
	.own = "PID",
	.run = run_pair,
	.needs = {
		{ "program * section=kprobe/eventfd_read *", "a program at eventfd_read()" },
		{ "map * type=stack_trace *", "a map of stack traces" },
		{ "call * bpf_get_stackid", "a call of bpf_get_stackid()" },
	},
};

/* --- exercise: samples --- */

/* How long something is done is not measured in time, since a machine under load skips samples: the
 * stimulus samples the same CPUs at the same frequency, and counts how many samples it gets.
 */
enum { THREADS = 2, PHASES = 3, FREQUENCY = 97, PAGES = 64, BUFFER = 1 << 16 };
enum { NESTING = 40 }; /* deeper than a map of small stacks, and not as deep as MAX_DEPTH */
enum { VISIT = 23 };   /* samples: more than counts may be off */
enum what { COMPRESS, ENCRYPT, COPY, SORT };

struct phase {
	enum what what;
	unsigned wanted, seen; /* samples */
};

struct sampler {
	unsigned cpu;
	int fd;
	struct perf_event_mmap_page *page;
};

static char buffer[THREADS][BUFFER];

static struct profile {
	struct {
		struct phase phase[PHASES];
		int now, stop; /* the phase that it is in; the thread's flag for its end */
		pid_t tid;
	} thread[THREADS];
	struct sampler sampler[THREADS];
	int go[2]; /* a pipe */
	pid_t pid;
	int done, visit_over;
} * profile;

/* Does nothing, always at the same address, until *stop is set. */
SEEN __attribute__((naked)) static void spin(const int *stop __maybe_unused)
{
	asm("push %rbp\n\t"
	    "mov %rsp, %rbp\n"
	    "1:\n\t"
	    "cmpl $0, (%rdi)\n\t"
	    "je 1b\n\t"
	    "pop %rbp\n\t"
	    "ret");
}

SEEN static void compress(const int *stop)
{
	spin(stop);
}

SEEN static void encrypt(const int *stop)
{
	spin(stop);
}

/* Nearly all samples are taken at the bottom. */
SEEN static void sort(const int *stop, int depth)
{
	if (depth > 1)
		sort(stop, depth - 1);
	else
		spin(stop);
}

/* Spends its time in the kernel, which fills the buffer. */
SEEN static void copy(const int *stop, const long *args)
{
	while (!load(stop))
		if (take(args) != args[3])
			stim__fail("a read of /dev/zero failed");
}

/* Waits since before the tools are there, so that their maps have few stacks but those of phases. */
SEEN static void play(void *arg)
{
	int t = *(int *)arg, zero = stim__try(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	long args[7] = { SYS_read, profile->go[0], (long)buffer[t], 1 };

	if (take(args) != 1)
		stim__fail("nothing to read");
	args[1] = zero;
	args[3] = sizeof(buffer[t]);
	for (int i = 0; i < PHASES; i++) {
		int *stop = &profile->thread[t].stop;

		if (profile->thread[t].phase[i].what == COMPRESS)
			compress(stop);
		else if (profile->thread[t].phase[i].what == ENCRYPT)
			encrypt(stop);
		else if (profile->thread[t].phase[i].what == SORT)
			sort(stop, NESTING);
		else
			copy(stop, args);
		__atomic_store_n(stop, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&profile->thread[t].now, i + 1, __ATOMIC_SEQ_CST);
	}
}

static int play_thread(void *arg)
{
	int t = *(int *)arg;

	stim__pin(0, profile->sampler[t].cpu);
	__atomic_store_n(&profile->thread[t].tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	begin(play, arg);
	return 0;
}

static void play_process(void *arg __maybe_unused)
{
	static struct thread second;
	int first = 0, other = 1;

	start_thread(&second, play_thread, &other);
	play_thread(&first);
	join_thread(&second);
	stay(&profile->done);
}

/* Until it sleeps in its first read(). */
static void wait_for_thread(int t)
{
	int64_t end = now_ms() + 20000;
	char path[64], line[32] = "";

	while (strncmp(line, "0 ", 2)) {
		FILE *f;

		poll(NULL, 0, 1);
		snprintf(path, sizeof(path), "/proc/%d/syscall", load(&profile->thread[t].tid));
		f = fopen(path, "re");
		if (f && !fgets(line, sizeof(line), f))
			*line = '\0';
		if (f)
			fclose(f);
		if (now_ms() > end)
			stim__fail("a thread does not come to its read()");
	}
}

static void set_up_exercise(struct stim *s)
{
	profile = shared(sizeof(*profile));
	stim__try(pipe2(profile->go, O_CLOEXEC));
	profile->sampler[1].cpu = stim__last_cpu();
	profile->pid = stim__fork(s, play_process, NULL);
	wait_for_thread(0);
	wait_for_thread(1);
	for (int i = 0; i < 2; i++) {
		const char *tool = i ? "bcc" : "libbpf";

		stim__arg(s, tool, "--pid=%d", profile->pid);
		stim__arg(s, tool, "--frequency=%d", FREQUENCY);
	}
}

static void open_sampler(struct sampler *sampler)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_type = PERF_SAMPLE_TID,
		.freq = 1,
		.sample_freq = FREQUENCY,
	};
	size_t size = (1 + PAGES) * sysconf(_SC_PAGESIZE);

	sampler->fd = stim__try(
		syscall(SYS_perf_event_open, &attr, -1, sampler->cpu, -1, PERF_FLAG_FD_CLOEXEC));
	sampler->page =
		stim__try(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, sampler->fd, 0));
}

/* How many samples of a thread came since the last time. */
static unsigned take_samples(struct sampler *sampler, pid_t tid)
{
	struct perf_event_mmap_page *page = sampler->page;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE), at = page->data_tail;
	const char *data = (const char *)page + page->data_offset;
	unsigned nr = 0;

	while (at < head) {
		/* Records are multiples of 8 bytes, and so is the buffer. */
		const struct perf_event_header *h = (void *)(data + at % page->data_size);
		const uint32_t *ids = (void *)(data + (at + sizeof(*h)) % page->data_size);

		nr += h->type == PERF_RECORD_SAMPLE && (pid_t)ids[1] == tid;
		at += h->size;
	}
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
	return nr;
}

/* Ends a thread's phase when there were samples enough. Returns whether the thread has more of them. */
static bool lead(int t)
{
	int now = load(&profile->thread[t].now);
	struct phase *phase = &profile->thread[t].phase[now];

	if (now == PHASES)
		return false;
	phase->seen += take_samples(&profile->sampler[t], load(&profile->thread[t].tid));
	if (phase->seen < phase->wanted)
		return true;
	__atomic_store_n(&profile->thread[t].stop, 1, __ATOMIC_SEQ_CST);
	wait_until(&profile->thread[t].now, now + 1);
	return true;
}

SEEN static void visit(void *arg __maybe_unused)
{
	compress(&profile->visit_over);
}

static void play_visitor(void *arg)
{
	stim__pin(0, profile->sampler[0].cpu);
	begin(visit, arg);
}

/* Others run by chance only; this one certainly does, and is no concern of --pid's. */
static void be_visited(struct stim *s)
{
	pid_t pid = stim__fork(s, play_visitor, NULL);

	for (unsigned seen = 0; seen < VISIT; seen += take_samples(&profile->sampler[0], pid))
		poll(NULL, 0, 3);
	__atomic_store_n(&profile->visit_over, 1, __ATOMIC_SEQ_CST);
	stim__wait(pid);
}

static void plan_phases(struct stim *s)
{
	static const unsigned primes[] = { 31, 41, 53, 67 };
	static const enum what plan[THREADS][PHASES] = { { COMPRESS, ENCRYPT, COPY },
							 { ENCRYPT, COMPRESS, SORT } };

	for (int t = 0; t < THREADS; t++) {
		for (int i = 0; i < PHASES; i++) {
			profile->thread[t].phase[i].what = plan[t][i];
			profile->thread[t].phase[i].wanted = primes[stim__rand(s, 4)];
		}
	}
}

/* --- exercise: the rows --- */

struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	double rate;	      /* of the samples, where it is not 1 */
	int depth;	      /* how many frames are left, if not all */
	bool pid, one_cpu, inside_out, user_only, kernel_only, unknown, tid_names, nothing;
};

#define SHALLOW(n)                                                                              \
	{                                                                                       \
		.sentence =                                                                     \
			"the outermost functions of deep stacks are missing: the map keeps " #n \
			" addresses of each, see MAX_DEPTH",                                    \
		.depth = n,                                                                     \
	}

static const struct view views[] = {
	{ .sentence = NULL },
	{ .sentence = "TID is the process's ID: the thread's is the lower half of "
		      "bpf_get_current_pid_tgid()",
	  .pid = true },
	{ .sentence = "the samples of one CPU are missing: there is an event to open for each CPU "
		      "that is online, and a CPU that is not need not be the last one; or the "
		      "event's pid is not -1 but the process's, which is its first thread alone",
	  .one_cpu = true },
	{ .sentence =
		  "the innermost function comes first: that is how the map has them, rows begin "
		  "with the outermost",
	  .inside_out = true },
	{ .sentence = "samples that were taken in the kernel are missing: they have a user stack, "
		      "too",
	  .user_only = true },
	{ .sentence = "only samples that were taken in the kernel are there", .kernel_only = true },
	{ .sentence = "the functions have no names: the addresses are the process's, see "
		      "syms__of_process()",
	  .unknown = true },
	{ .sentence = "the functions of a thread that has ended have no names: they are the "
		      "process's, whose ID is --pid",
	  .tid_names = true },
	{ .sentence =
		  "there are no samples: open an event on each CPU and attach the program to it, "
		  "which the skeleton's attach does not do; then look at the filter",
	  .nothing = true },
	{ .sentence = "the counts are those of 49 samples a second: --frequency says how many are "
		      "wanted",
	  .rate = 49.0 / FREQUENCY },
	{ .sentence = "every sample is counted twice: is the program attached to two events on "
		      "each CPU?",
	  .rate = 2 },
	SHALLOW(4),
	SHALLOW(8),
	SHALLOW(10),
	SHALLOW(16),
	SHALLOW(20),
	SHALLOW(32),
};

/* What a program of that view prints of a stack. */
static void print_frames(char *text, const struct view *v, int t, enum what what)
{
	static const char *const inner[][2] = {
		[COMPRESS] = { "compress", "spin" },
		[ENCRYPT] = { "encrypt", "spin" },
		[COPY] = { "copy", "take" },
		[SORT] = { "sort", "spin" },
	};
	const char *frame[NESTING + 3] = { "begin", "play" };
	int nr = 2, first;

	while (nr < (what == SORT ? NESTING : 1) + 2)
		frame[nr++] = inner[what][0];
	frame[nr++] = inner[what][1];
	first = v->depth && v->depth < nr ? nr - v->depth : 0;
	for (int i = first; i < nr; i++) {
		const char *name = frame[v->inside_out ? nr - 1 - i : i];

		if (v->unknown || (v->tid_names && t))
			name = "[unknown]";
		text += sprintf(text, "%s%s", i > first ? ";" : "", name);
	}
}

static void tell_phase(struct stim *s, const struct view *v, int t, const struct phase *phase)
{
	pid_t tid = v->pid ? profile->pid : profile->thread[t].tid;
	char stack[1024];

	if (v->nothing || (v->user_only && phase->what == COPY) ||
	    (v->kernel_only && phase->what != COPY) || (v->one_cpu && t))
		return;
	print_frames(stack, v, t, phase->what);
	stim__row(s, "%d %d %s", tid, (int)(phase->seen * (v->rate ? v->rate : 1) + 0.5), stack);
}

static void run_exercise(struct stim *s)
{
	plan_phases(s);
	for (int t = 0; t < THREADS; t++)
		open_sampler(&profile->sampler[t]);
	stim__try(write(profile->go[1], "xx", THREADS));
	while (lead(0) | lead(1))
		poll(NULL, 0, 3);
	wait_until(&profile->done, 1);
	be_visited(s);
	for (const struct view *v = views; v < views + ARRAY_SIZE(views); v++) {
		stim__mistake(s, v->sentence);
		for (int t = 0; t < THREADS; t++)
			for (int i = 0; i < PHASES; i++)
				tell_phase(s, v, t, &profile->thread[t].phase[i]);
	}
}

const struct test_case exercise = {
	.columns = "TID COUNT STACK",
	.sum = "COUNT",
	.off = 6,
	.percent = 25,
	.setup = set_up_exercise,
	.run = run_exercise,
	.needs = {
		{ "program * section=perf_event type=perf_event *", "a program for perf events" },
		{ "map * type=stack_trace *", "a map of stack traces" },
		{ "call * bpf_get_stackid", "a call of bpf_get_stackid()" },
		{ "!call * bpf_get_stack", "no stacks but those of the map" },
		{ "variable .rodata targ_tgid *", "a process to look at, set before the load" },
	},
};
