// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 07. Pair: what a process's read() calls return. Exercise: how long poll() waits, per process. */
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include "harness.h"

/* --- both cases --- */

/* Zeroed memory that this process shares with its children. */
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

/* A thread of this process that runs fn(arg); join_thread() returns its ID when it is gone. */
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

static pid_t join_thread(struct thread *t)
{
	pid_t seen;

	while ((seen = __atomic_load_n(&t->running, __ATOMIC_ACQUIRE)))
		syscall(SYS_futex, &t->running, FUTEX_WAIT, seen, NULL, NULL, 0);
	return t->tid;
}

/* Slot n is for 2^n to 2^(n+1) - 1, the first one for 0 as well. */
static unsigned log2_slot(uint64_t n)
{
	return n ? 63 - __builtin_clzll(n) : 0;
}

static uint64_t log2_low(unsigned slot)
{
	return slot ? 1ULL << slot : 0;
}

static uint64_t log2_high(unsigned slot)
{
	return (2ULL << slot) - 1;
}

/* --- pair: read() --- */

enum {
	MAX_LOG2 = 24, /* reads return less than 2^25 bytes */
	BUFFER = 2 << MAX_LOG2,
	MAX_SIZES = 80,
	LAST_ERROR = 134,
};

/* What the reader does; it waits in read() since before the tools are there. */
static struct reader {
	int wake[2], data[2]; /* pipes */
	pid_t pid;
	int stage, handled; /* how far it got, and how many signals it handled */
	unsigned nr;
	uint32_t size[MAX_SIZES];
	unsigned eof, nothing, shorter, thread, others, restarts, interrupts;
	unsigned error[LAST_ERROR];
} * reader;

static char *buffer;

static void read_size(int fd, size_t ask, ssize_t want)
{
	ssize_t got = syscall(SYS_read, fd, buffer, ask);

	if (got != want)
		stim__fail("read of %zu bytes: %zd, not %zd", ask, got, want);
}

static void read_error(int fd, void *to, int error)
{
	if (syscall(SYS_read, fd, to, 100) != -1 || errno != error)
		stim__fail("read: no error %d but %d", error, errno);
}

/* The other end goes and leaves unread what it was sent. */
static void read_from_lost_peer(void)
{
	int fd[2];

	stim__try(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	stim__try(write(fd[0], "x", 1));
	close(fd[1]);
	read_error(fd[0], buffer, ECONNRESET);
	close(fd[0]);
}

static void read_errors(void)
{
	int zero = stim__try(open("/dev/zero", O_RDONLY)), root = stim__try(open("/", O_RDONLY));
	int pipe[2];

	stim__try(pipe2(pipe, O_NONBLOCK));
	for (unsigned i = 0; i < reader->error[EBADF]; i++)
		read_error(-1, buffer, EBADF);
	for (unsigned i = 0; i < reader->error[EAGAIN]; i++)
		read_error(pipe[0], buffer, EAGAIN);
	for (unsigned i = 0; i < reader->error[EFAULT]; i++)
		read_error(zero, NULL, EFAULT);
	for (unsigned i = 0; i < reader->error[EISDIR]; i++)
		read_error(root, buffer, EISDIR);
	for (unsigned i = 0; i < reader->error[ECONNRESET]; i++)
		read_from_lost_peer();
	close(zero);
	close(root);
	close(pipe[0]);
	close(pipe[1]);
}

/* Calls that are not read(), and reads of another process. */
static void read_otherwise(int zero)
{
	struct iovec to = { buffer, 333 };

	for (unsigned i = 0; i < reader->others; i++) {
		stim__try(pread(zero, buffer, 333, 0));
		stim__try(readv(zero, &to, 1));
	}
}

static void read_in_child(void *arg)
{
	for (unsigned i = 0; i < reader->others; i++)
		read_size(*(int *)arg, 333, 333);
}

static int read_in_thread(void *arg)
{
	for (unsigned i = 0; i < reader->thread; i++)
		read_size(*(int *)arg, 77, 77);
	return 0;
}

static void count_signal(int sig __maybe_unused)
{
	reader->handled++;
}

/* Waits in read() while signals come. With SA_RESTART the kernel calls read() once more, without
 * the caller notices; else that gets EINTR. The tracepoint sees the same in both cases.
 */
static void read_interrupted(void)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };

	stim__try(sigaction(SIGUSR1, &action, NULL));
	for (unsigned i = 0; i < reader->restarts; i++) {
		__atomic_add_fetch(&reader->stage, 1, __ATOMIC_SEQ_CST);
		read_size(reader->data[0], 1000, 5);
	}
	action.sa_flags = 0;
	stim__try(sigaction(SIGUSR1, &action, NULL));
	for (unsigned i = 0; i < reader->interrupts; i++) {
		__atomic_add_fetch(&reader->stage, 1, __ATOMIC_SEQ_CST);
		read_error(reader->data[0], buffer, EINTR);
	}
}

static void play_reader(void *arg)
{
	static struct thread thread;
	struct stim *s = arg;
	int zero, null;

	buffer = stim__try(
		mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	read_size(reader->wake[0], 1, 1); /* began before anyone looked */
	zero = stim__try(open("/dev/zero", O_RDONLY));
	null = stim__try(open("/dev/null", O_RDONLY));
	for (unsigned i = 0; i < reader->nr; i++)
		read_size(zero, reader->size[i], reader->size[i]);
	for (unsigned i = 0; i < reader->eof; i++)
		read_size(null, 4096, 0);
	for (unsigned i = 0; i < reader->nothing; i++)
		read_size(zero, 0, 0);
	for (unsigned i = 0; i < reader->shorter; i++) {
		stim__try(write(reader->data[1], "eleven byte", 11));
		read_size(reader->data[0], 60000, 11);
	}
	read_errors();
	read_otherwise(zero);
	stim__wait(stim__fork(s, read_in_child, &zero));
	start_thread(&thread, read_in_thread, &zero);
	join_thread(&thread);
	read_interrupted();
}

/* The state of a process, one letter. */
static char state_of(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		stim__fail("%s cannot be read", path);
	fclose(f);
	return state;
}

static void wait_until(const int *n, int value)
{
	int64_t end = now_ms() + 20000;

	while (__atomic_load_n(n, __ATOMIC_SEQ_CST) != value && now_ms() < end)
		poll(NULL, 0, 1);
}

/* Until the reader sleeps: after its stage was counted, it does so in read() only. */
static void wait_for_sleep(void)
{
	int64_t end = now_ms() + 20000;

	while (state_of(reader->pid) != 'S') {
		if (now_ms() > end)
			stim__fail("the reader never waits");
		poll(NULL, 0, 1);
	}
}

static void interrupt_reader(void)
{
	for (unsigned i = 0; i < reader->restarts + reader->interrupts; i++) {
		wait_until(&reader->stage, i + 1);
		wait_for_sleep();
		stim__try(kill(reader->pid, SIGUSR1));
		wait_until(&reader->handled, i + 1);
		if (i >= reader->restarts)
			continue;
		wait_for_sleep();
		stim__try(write(reader->data[1], "five!", 5));
	}
}

/* Both ends of a slot, and something in between. Slots without reads are in between as well. */
static void plan_sizes(struct stim *s)
{
	unsigned last = 16 + stim__rand(s, MAX_LOG2 - 15);

	for (unsigned slot = 0; slot <= last; slot++) {
		uint32_t low = 1u << slot, n = slot < 16 ? stim__rand(s, 4) : slot == last;

		for (unsigned i = 0; i < n; i++)
			reader->size[reader->nr++] = i == 0   ? low
						     : i == 1 ? 2 * low - 1
							      : low + stim__rand(s, low);
	}
}

static void plan_reads(struct stim *s)
{
	static const int errors[] = { EBADF, EAGAIN, EFAULT, EISDIR };

	plan_sizes(s);
	reader->eof = prime(s);
	reader->nothing = prime(s);
	reader->shorter = prime(s);
	reader->thread = prime(s);
	reader->others = prime(s);
	reader->restarts = 1 + stim__rand(s, 3);
	reader->interrupts = 1 + stim__rand(s, 3);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		reader->error[errors[i]] = stim__rand(s, 50);
	reader->error[ECONNRESET] = stim__rand(s, 2);
	reader->error[EBADF]++;
}

/* Starts the reader, whose process ID the tools are told. */
static void set_up_pair(struct stim *s)
{
	reader = shared(sizeof(*reader));
	stim__try(pipe(reader->wake));
	stim__try(pipe(reader->data));
	reader->pid = stim__fork(s, play_reader, s);
	stim__arg(s, "bcc", "--pid=%d", reader->pid);
	stim__arg(s, "libbpf", "--pid=%d", reader->pid);
}

/* --- pair: the tables --- */

struct tables {
	unsigned size[64], error[LAST_ERROR];
};

static int last_used(const unsigned *count, int nr, unsigned *max)
{
	int last = -1;

	*max = 0;
	for (int i = 0; i < nr; i++) {
		last = count[i] ? i : last;
		*max = count[i] > *max ? count[i] : *max;
	}
	return last;
}

static const char *bar(unsigned count, unsigned max, int width)
{
	static char text[64];

	snprintf(text, sizeof(text), "|%-*.*s|", width, (int)(width * count / max),
		 "****************************************");
	return text;
}

static void tell_sizes(struct stim *s, const struct tables *t)
{
	unsigned max;
	int last = last_used(t->size, 64, &max), wide = last >= 32 ? 2 : 1;

	if (last >= 0)
		stim__row(s, "%-*s : count     distribution", wide == 2 ? 29 : 19, "bytes");
	for (int i = 0; i <= last; i++)
		stim__row(s, "%*llu -> %-*llu : %-8u %s", 10 * wide,
			  (unsigned long long)log2_low(i), 10 * wide,
			  (unsigned long long)log2_high(i), t->size[i],
			  bar(t->size[i], max, 40 / wide));
}

static void tell_errors(struct stim *s, const struct tables *t)
{
	unsigned max;
	int last = last_used(t->error, LAST_ERROR, &max);

	if (last >= 0)
		stim__row(s, "%-13s : count     distribution", "errno");
	for (int i = 0; i <= last; i++)
		stim__row(s, "%-10d : %-8u %s", i, t->error[i], bar(t->error[i], max, 40));
}

static void tell(struct stim *s, const char *mistake, const struct tables *t)
{
	stim__mistake(s, mistake);
	tell_sizes(s, t);
	tell_errors(s, t);
}

static void tell_reads(struct stim *s)
{
	struct tables truth = { 0 }, wrong;
	unsigned errors = 0;

	for (unsigned i = 0; i < reader->nr; i++)
		truth.size[log2_slot(reader->size[i])]++;
	truth.size[0] += reader->eof + reader->nothing + 1; /* the first read returned one byte */
	truth.size[log2_slot(11)] += reader->shorter;
	truth.size[log2_slot(77)] += reader->thread;
	truth.size[log2_slot(5)] += reader->restarts;
	memcpy(truth.error, reader->error, sizeof(truth.error));
	tell(s, NULL, &truth);

	wrong = truth;
	memmove(&wrong.size[1], wrong.size, sizeof(wrong.size) - sizeof(*wrong.size));
	wrong.size[0] = 0;
	tell(s, "the sizes are one slot too high: bpf_log2l() returns one more than log2_slot()",
	     &wrong);
	wrong = truth;
	for (int i = 0; i < LAST_ERROR; i++)
		errors += wrong.error[i];
	wrong.size[63] = errors + reader->restarts + reader->interrupts;
	memset(wrong.error, 0, sizeof(wrong.error));
	tell(s, "errors are counted as sizes: a negative number is a huge one without its sign",
	     &wrong);
}

static void run_pair(struct stim *s)
{
	plan_reads(s);
	stim__try(write(reader->wake[1], "x", 1));
	interrupt_reader();
	stim__wait(reader->pid);
	tell_reads(s);
}

const struct test_case pair = {
	.columns = "Tracing...", /* one column: lines are compared whole */
	.ordered = true,
	.setup = set_up_pair,
	.run = run_pair,
	.needs = {
		{ "program * section=tp/syscalls/sys_exit_read *", "a program at the end of read()" },
		{ "map sizes type=array key=4 value=8 max_entries=64 *", "an array of 64 slots" },
		{ "variable .rodata targ_tgid *", "a process to look at, set before the load" },
	},
};

/* --- exercise: poll() --- */

enum { WORKERS = 3, THREADS = 2, MAX_CALLS = 16, STEP = 25, STEPS = 6, MAX_TRIES = 200 };

enum kind { WAIT, AT_ONCE, READY, FAILS, PPOLL };

struct call {
	enum kind kind;
	int ms; /* how long it waits */
};

/* A process with two threads, each with its own calls. */
struct worker {
	struct call call[THREADS][MAX_CALLS];
	int nr[THREADS];
	pid_t pid, tid;
	bool spoiled; /* nobody can tell which slot one of its calls belongs into */
};

static struct worker *workers;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static unsigned linear_slot(unsigned ms)
{
	return ms / STEP < STEPS - 1 ? ms / STEP : STEPS - 1;
}

/* Makes a call, which takes at least call->ms. Returns whether whoever measures it from within must
 * come to the same slots: by our clocks, it took a little more only.
 */
static bool make_call(const struct call *call)
{
	struct timespec wait = { .tv_nsec = call->ms * 1000000 };
	struct pollfd none = { .fd = -1 }, zero = { .fd = 0, .events = POLLIN };
	uint64_t start = now_ns(), most;
	int ret = 0, want = 0;

	switch (call->kind) {
	case WAIT:
	case AT_ONCE:
		ret = syscall(SYS_poll, &none, 1, call->ms);
		break;
	case READY:
		zero.fd = stim__try(open("/dev/zero", O_RDONLY));
		start = now_ns();
		ret = syscall(SYS_poll, &zero, 1, 10000);
		want = 1;
		break;
	case FAILS:
		ret = syscall(SYS_poll, NULL, 1, 0);
		want = -1;
		break;
	case PPOLL:
		ret = syscall(SYS_ppoll, &none, 1, &wait, NULL, 0);
		break;
	}
	most = (now_ns() - start + 100000) / 1000000;
	if (zero.fd)
		close(zero.fd);
	if (ret != want)
		stim__fail("poll: %d, not %d", ret, want);
	return call->kind == PPOLL || (log2_slot(most) == log2_slot(call->ms) &&
				       linear_slot(most) == linear_slot(call->ms));
}

static void make_calls(struct worker *w, int thread, int first, int end)
{
	for (int i = first; i < end; i++)
		if (!make_call(&w->call[thread][i]))
			__atomic_store_n(&w->spoiled, true, __ATOMIC_SEQ_CST);
}

static int play_second(void *arg)
{
	struct worker *w = arg;

	make_calls(w, 1, 0, w->nr[1]);
	return 0;
}

static void play_worker(void *arg)
{
	static struct thread second;
	struct worker *w = arg;

	make_calls(w, 0, 0, 1);
	start_thread(&second, play_second, w);
	make_calls(w, 0, 1, w->nr[0]);
	w->tid = join_thread(&second);
}

/* Waits that stay in their slots when they last several milliseconds more, in both histograms. */
static void plan_calls(struct stim *s, struct worker *w, bool longest)
{
	static const struct call calls[] = { { WAIT, 9 },  { WAIT, 34 },   { WAIT, 54 },
					     { WAIT, 78 }, { AT_ONCE, 0 }, { READY, 0 },
					     { READY, 0 }, { FAILS, 0 },   { PPOLL, 5 } };
	int first = stim__rand(s, THREADS);

	/* The process's first call, one of a kind somewhere, then any. */
	w->call[0][w->nr[0]++] = (struct call){ AT_ONCE, 0 };
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int t = (first + i) % THREADS;

		w->call[t][w->nr[t]++] = calls[i];
	}
	for (int n = 1 + stim__rand(s, 6); n; n--) {
		int t = stim__rand(s, THREADS);
		struct call call = calls[stim__rand(s, ARRAY_SIZE(calls))];

		w->call[t][w->nr[t]++] = call.ms < 40 ? call : (struct call){ FAILS, 0 };
	}
	if (longest)
		w->call[first][w->nr[first]++] = (struct call){ WAIT, 160 + 20 * stim__rand(s, 2) };
}

/* What a machine that stands still for a moment spoils is done once more, by another process; the
 * rows of the first one are nobody's.
 */
static void run_worker(struct stim *s, struct worker *w)
{
	for (int tries = 0; tries < MAX_TRIES; tries++) {
		w->spoiled = false;
		w->pid = stim__fork(s, play_worker, w);
		stim__wait(w->pid);
		if (w->spoiled)
			continue;
		stim__own(s, w->pid);
		stim__own(s, w->tid);
		return;
	}
	stim__fail("this machine is too busy: waits last much longer than they should");
}

/* --- exercise: what is told --- */

/* What a program counts and prints: the right thing, or one mistake. */
static const struct view {
	const char *sentence;
	bool tid, fails, no_timeouts, only_timeouts, no_rest, not_first, zeros, bcc_limits;
	unsigned shift, first_low;
} views[] = {
	{ .sentence = NULL },
	{ .sentence = "the log2 rows are one slot too high: BCC's bpf_log2l() returns one more "
		      "than log2_slot(), so slot n is 2^n to 2^(n+1) - 1 here",
	  .shift = 1 },
	{ .sentence =
		  "LOW and HIGH of the log2 rows are those of BCC's slots, which are one higher: "
		  "slot n is 2^n to 2^(n+1) - 1 here",
	  .bcc_limits = true },
	{ .sentence = "the first log2 slot holds 0 and 1, so it begins at 0", .first_low = 1 },
	{ .sentence = "calls that fail are counted too: look at what poll() returned",
	  .fails = true },
	{ .sentence = "calls that timed out are missing: poll() returns 0 then, which is no "
		      "failure",
	  .no_timeouts = true },
	{ .sentence = "calls that found something ready are missing: poll() returns how many then",
	  .only_timeouts = true },
	{ .sentence =
		  "the longest waits are missing from the linear rows: the last slot is for all "
		  "that is longer",
	  .no_rest = true },
	{ .sentence = "each process lacks one call: the one that found no entry in the map and "
		      "made it",
	  .not_first = true },
	{ .sentence = "the PID column holds thread IDs: a process has one ID, its threads have one "
		      "each",
	  .tid = true },
	{ .sentence = "slots that counted nothing have rows, too: leave them out", .zeros = true },
};

struct hist {
	unsigned log2[64], linear[STEPS];
};

static void count_call(const struct view *v, struct hist *h, const struct call *call)
{
	unsigned steps = call->ms / STEP;

	if (call->kind == PPOLL || (call->kind == FAILS && !v->fails) ||
	    (v->no_timeouts && (call->kind == WAIT || call->kind == AT_ONCE)) ||
	    (v->only_timeouts && call->kind == READY))
		return;
	h->log2[log2_slot(call->ms) + v->shift]++;
	if (steps < STEPS || !v->no_rest)
		h->linear[linear_slot(call->ms)]++;
}

static void tell_hist(struct stim *s, const struct view *v, pid_t pid, const struct hist *h)
{
	for (unsigned i = 0; i < 64; i++) {
		uint64_t low = i ? log2_low(i) : v->first_low, high = log2_high(i);

		if (v->bcc_limits) {
			low = i > 1 ? low / 2 : 0;
			high /= 2;
		}
		if (h->log2[i] || v->zeros)
			stim__row(s, "%d log2 %llu %llu %u", pid, (unsigned long long)low,
				  (unsigned long long)high, h->log2[i]);
	}
	for (unsigned i = 0; i < STEPS; i++) {
		char high[16] = "-";

		if (i < STEPS - 1)
			snprintf(high, sizeof(high), "%u", (i + 1) * STEP - 1);
		if (h->linear[i] || v->zeros)
			stim__row(s, "%d linear %u %s %u", pid, i * STEP, high, h->linear[i]);
	}
}

static void tell_worker(struct stim *s, const struct view *v, const struct worker *w)
{
	struct hist hist[THREADS] = { 0 };

	if (v->not_first)
		hist[0].log2[0] = hist[0].linear[0] = -1;
	for (int t = 0; t < THREADS; t++)
		for (int i = 0; i < w->nr[t]; i++)
			count_call(v, &hist[v->tid ? t : 0], &w->call[t][i]);
	tell_hist(s, v, w->pid, &hist[0]);
	if (v->tid)
		tell_hist(s, v, w->tid, &hist[1]);
}

static void set_up_exercise(struct stim *s __maybe_unused)
{
	workers = shared(WORKERS * sizeof(*workers));
}

static void run_exercise(struct stim *s)
{
	int longest = stim__rand(s, WORKERS);

	for (int i = 0; i < WORKERS; i++) {
		plan_calls(s, &workers[i], i == longest);
		run_worker(s, &workers[i]);
	}
	for (size_t v = 0; v < ARRAY_SIZE(views); v++) {
		stim__mistake(s, views[v].sentence);
		for (int i = 0; i < WORKERS; i++)
			tell_worker(s, &views[v], &workers[i]);
	}
}

const struct test_case exercise = {
	.columns = "PID SCALE LOW HIGH COUNT",
	.own = "PID",
	.setup = set_up_exercise,
	.run = run_exercise,
	.needs = {
		{ "program * section=t*/syscalls/sys_exit_poll *", "a program at the end of poll()" },
		{ "map * type=*hash key=4 value=[1-9][0-9][0-9]* *",
		  "a hash map with all of a process's slots as one value" },
		{ "!map * type=ringbuf *", "counts, no events through a ring buffer" },
		{ "!map * type=perf_event_array *", "counts, no events through a perf buffer" },
		{ "variable .bss lost *", "a global variable \"lost\" that counts" },
	},
};
