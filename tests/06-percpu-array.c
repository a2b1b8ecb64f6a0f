// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 06. Pair: file system calls of a process on each CPU. Exercise: how its read() and write() calls
 * ended, on each CPU. A process that waits since before the tools started makes the calls, pinned to one
 * CPU or the other. Of the CPUs that are possible, the first and the last are up.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "harness.h"

enum { MAX_CPUS = 64, MAX_STEPS = 128 };
enum { READ, WRITE }; /* calls that both cases make */

/* --- both cases --- */

struct step {
	unsigned call, how, cpu;
	bool thread;	     /* made in a thread of its own */
	unsigned nr;	     /* pair: calls, of which the first fails */
	unsigned asked, got; /* exercise: bytes */
	unsigned end_cpu;    /* where a call ends that is moved to another CPU */
};

/* Memory that the worker shares with this process. */
static struct {
	sem_t go, blocks;
	pid_t tid; /* of the thread that blocks */
	size_t nr_steps;
	struct step step[MAX_STEPS];
} * shared;

static pid_t worker;
static int nr_cpus; /* possible ones */
static int pipe_fd[2];

static unsigned prime(struct stim *s)
{
	static const unsigned primes[] = { 2, 3, 5, 7, 11, 13 };

	return primes[stim__rand(s, ARRAY_SIZE(primes))];
}

static void wait_sem(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			stim__fail("sem_wait: %s", strerror(errno));
}

/* Runs fn in a thread of this process and waits for its end. Not pthread_create(), which may read files. */
static void in_thread(int (*fn)(void *), void *arg)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	static pid_t running; /* the kernel zeroes it when the thread is gone */
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	pid_t seen;

	stim__try(clone(fn, stack + sizeof(stack), flags, arg, &running, NULL, &running));
	while ((seen = __atomic_load_n(&running, __ATOMIC_ACQUIRE)))
		syscall(SYS_futex, &running, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void take_steps(int (*fn)(void *))
{
	for (size_t i = 0; i < shared->nr_steps; i++) {
		struct step *step = &shared->step[i];

		if (step->thread)
			in_thread(fn, step);
		else
			fn(step);
	}
}

/* Other programs use the same CPUs at the same time. */
static void bystander(void *arg)
{
	take_steps(arg);
}

/* Both tools watch the worker, whose process ID is therefore known before they start. */
static void hire(struct stim *s, void (*work)(void *))
{
	shared = stim__try(mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	memset(shared, 0, sizeof(*shared));
	stim__try(sem_init(&shared->go, 1, 0));
	stim__try(sem_init(&shared->blocks, 1, 0));
	nr_cpus = stim__last_cpu() + 1;
	if (nr_cpus > MAX_CPUS)
		stim__fail("this wants at most %d possible CPUs, not %d", MAX_CPUS, nr_cpus);
	stim__try(pipe2(pipe_fd, O_CLOEXEC));
	worker = stim__fork(s, work, NULL);
	stim__arg(s, "bcc", "--pid=%d", worker);
	stim__arg(s, "libbpf", "--pid=%d", worker);
}

static unsigned last_cpu(void)
{
	return nr_cpus - 1;
}

/* --- pair: calls, counted when they start --- */

enum { OPENAT = 2, CLOSE, NR_CALLS, OTHER = NR_CALLS, NR_STEPS };

static void must_fail(long result)
{
	if (result != -1)
		stim__fail("a call that must fail returned %ld", result);
}

/* None of these is one of the four. */
static void call_others(void)
{
	struct open_how how = { .flags = O_RDONLY };
	char c = 0;
	struct iovec v = { &c, 1 };

	must_fail(syscall(SYS_pread64, -1, &c, 1, 0));
	must_fail(syscall(SYS_pwrite64, -1, &c, 1, 0));
	must_fail(syscall(SYS_readv, -1, &v, 1));
	must_fail(syscall(SYS_writev, -1, &v, 1));
	must_fail(syscall(SYS_open, "/nowhere", O_RDONLY));
	must_fail(syscall(SYS_openat2, -1, "nowhere", &how, sizeof(how)));
	must_fail(syscall(SYS_dup2, -1, 1));
}

static int make_calls(void *arg)
{
	const struct step *step = arg;
	char c = 0;

	stim__pin(0, step->cpu);
	for (unsigned i = 0; i < step->nr; i++) {
		if (step->call == READ)
			syscall(SYS_read, i ? pipe_fd[0] : -1, &c, 0);
		else if (step->call == WRITE)
			syscall(SYS_write, i ? pipe_fd[1] : -1, &c, 0);
		else if (step->call == OPENAT)
			must_fail(syscall(SYS_openat, AT_FDCWD, i ? "/nowhere" : "", O_RDONLY));
		else if (step->call == CLOSE)
			must_fail(syscall(SYS_close, i ? -1 : 1000));
		else
			call_others();
	}
	return 0;
}

static void call_worker(void *arg __maybe_unused)
{
	wait_sem(&shared->go);
	take_steps(make_calls);
}

static void setup_pair(struct stim *s)
{
	hire(s, call_worker);
}

/* Each call by the first thread and by another, on both CPUs; one of them on one CPU only. */
static void plan_calls(struct stim *s)
{
	unsigned lazy = stim__rand(s, NR_CALLS);

	for (unsigned i = 0; i < 4 * NR_STEPS; i++) {
		struct step *step = &shared->step[shared->nr_steps];

		step->call = i % NR_STEPS;
		step->thread = (i / NR_STEPS) & 1;
		step->cpu = (i / NR_STEPS) & 2 ? last_cpu() : 0;
		step->nr = prime(s);
		shared->nr_steps += step->call != lazy || step->cpu;
	}
}

static void call_row(struct stim *s, unsigned call, bool main_only, int cpus)
{
	static const char *const names[] = { "read", "write", "openat", "close" };
	unsigned count[MAX_CPUS] = { 0 }, total = 0, most = 0;
	char list[MAX_CPUS * 8];
	int len = 0;

	for (size_t i = 0; i < shared->nr_steps; i++) {
		const struct step *step = &shared->step[i];

		if (step->call == call && !(main_only && step->thread))
			count[step->cpu] += step->nr;
	}
	for (int cpu = 0; cpu < cpus; cpu++) {
		total += count[cpu];
		most = count[cpu] > most ? count[cpu] : most;
		len += snprintf(list + len, sizeof(list) - len, " %u", count[cpu]);
	}
	stim__row(s, "%s %u %.2f %u%s", names[call], total, (double)total / cpus, most, list);
}

static void run_pair(struct stim *s)
{
	pid_t other;

	plan_calls(s);
	stim__try(sem_post(&shared->go));
	other = stim__fork(s, bystander, make_calls);
	stim__wait(worker);
	stim__wait(other);
	for (unsigned call = 0; call < NR_CALLS; call++) {
		call_row(s, call, false, nr_cpus);
		stim__mistake(s, "the calls of the process's other threads are missing: they have "
				 "a thread ID of their own, and the same process ID");
		call_row(s, call, true, nr_cpus);
		stim__mistake(s, "there is a slot for each CPU that is online: a per-CPU map has "
				 "one for each possible CPU");
		call_row(s, call, false, 2);
		stim__mistake(s, NULL);
	}
}

/* --- exercise: calls, counted when they end --- */

enum how { WORKS, GETS_NOTHING, FAILS, BESIDES, MOVES };
enum { NR_KINDS = 2, MAX_READ = 60000, MAX_WRITE = 0x7ffff000 /* the kernel's own limit */ };

static char room[MAX_READ];
static int null_fd, zero_fd;

static void must_be(long result, long expected)
{
	if (result != expected)
		stim__fail("a call returned %ld instead of %ld", result, expected);
}

/* Neither of read() nor of write(). */
static void transfer_otherwise(unsigned size)
{
	struct iovec v = { room, size };

	must_be(syscall(SYS_pread64, zero_fd, room, size, 0), size);
	must_be(readv(zero_fd, &v, 1), size);
	must_be(syscall(SYS_pwrite64, null_fd, room, size, 0), size);
	must_be(writev(null_fd, &v, 1), size);
}

/* Blocks until the stimulus has moved this thread to another CPU and written to the pipe. */
static void read_and_move(const struct step *step)
{
	unsigned cpu;

	shared->tid = syscall(SYS_gettid);
	stim__try(sem_post(&shared->blocks));
	must_be(syscall(SYS_read, pipe_fd[0], room, step->asked), step->got);
	stim__try(syscall(SYS_getcpu, &cpu, NULL, NULL));
	must_be(cpu, step->end_cpu);
}

/* What is written to /dev/null is not looked at: it can be of any size. */
static int transfer(void *arg)
{
	const struct step *step = arg;
	bool reads = step->call == READ;
	long nr = reads ? SYS_read : SYS_write;

	stim__pin(0, step->cpu);
	if (step->how == WORKS)
		must_be(syscall(nr, reads ? zero_fd : null_fd, room, step->asked), step->asked);
	else if (step->how == GETS_NOTHING)
		must_be(syscall(nr, null_fd, room, step->asked), 0);
	else if (step->how == FAILS)
		must_fail(syscall(nr, -1, room, step->asked));
	else if (step->how == BESIDES)
		transfer_otherwise(step->asked);
	else
		read_and_move(step);
	return 0;
}

/* One who does the same, but never blocks. */
static int transfer_at_once(void *arg)
{
	const struct step *step = arg;

	return step->how == MOVES ? 0 : transfer(arg);
}

static void transfer_worker(void *arg __maybe_unused)
{
	wait_sem(&shared->go);
	take_steps(transfer);
}

static void setup_exercise(struct stim *s)
{
	null_fd = stim__try(open("/dev/null", O_RDWR | O_CLOEXEC));
	zero_fd = stim__try(open("/dev/zero", O_RDWR | O_CLOEXEC));
	hire(s, transfer_worker);
}

/* Waits until the thread sleeps in read(): then the kernel tells this call's number. */
static void await_read(pid_t tid)
{
	char path[64], line[32] = "";
	int64_t end = now_ms() + 10000;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", worker, tid);
	while (strncmp(line, "0 ", 2)) {
		FILE *f = fopen(path, "re");

		if (!f || !fgets(line, sizeof(line), f) || now_ms() > end)
			stim__fail("%s: no read() that waits: \"%s\"", path, line);
		fclose(f);
		poll(NULL, 0, 1);
	}
}

static void move_readers(void)
{
	for (size_t i = 0; i < shared->nr_steps; i++) {
		const struct step *step = &shared->step[i];

		if (step->how != MOVES)
			continue;
		wait_sem(&shared->blocks);
		await_read(shared->tid);
		stim__pin(shared->tid, step->end_cpu);
		must_be(write(pipe_fd[1], room, step->got), step->got);
	}
}

static void add_step(struct stim *s, unsigned call, enum how how, unsigned cpu, bool thread)
{
	struct step *step = &shared->step[shared->nr_steps++];

	if (shared->nr_steps > MAX_STEPS)
		stim__fail("too many steps");
	*step = (struct step){ .call = call, .how = how, .cpu = cpu, .thread = thread };
	if (call == READ || how != WORKS)
		step->asked = 1 + stim__rand(s, MAX_READ - 1);
	else
		step->asked = 1 + stim__rand(s, MAX_WRITE);
	if (call == WRITE && how == GETS_NOTHING)
		step->asked = 0;
	step->got = step->asked;
	step->end_cpu = cpu;
	if (how == GETS_NOTHING || how == FAILS)
		step->got = 0;
	if (how == MOVES) { /* asks for more than any other, and gets less */
		step->asked = MAX_READ;
		step->got = 1 + stim__rand(s, MAX_READ / 2);
		step->end_cpu = last_cpu() - cpu;
	}
}

/* Everything on both CPUs, by the first thread and by another. */
static void plan_transfers(struct stim *s)
{
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		for (unsigned call = 0; call < NR_KINDS; call++) {
			for (unsigned n = prime(s) + cpu; n; n--)
				add_step(s, call, n % 4 ? WORKS : GETS_NOTHING, cpu * last_cpu(),
					 n % 2);
			for (unsigned n = 1 + stim__rand(s, 3); n; n--)
				add_step(s, call, FAILS, cpu * last_cpu(), n % 2);
		}
		add_step(s, READ, MOVES, cpu * last_cpu(), cpu);
		add_step(s, READ, BESIDES, cpu * last_cpu(), cpu);
	}
	/* Back and forth would look as if nothing had moved. */
	add_step(s, READ, MOVES, stim__rand(s, 2) * last_cpu(), false);
}

/* --- exercise: the rows --- */

struct io {
	uint32_t count, failed, largest;
};

/* What a program counts: the right things, or one of them wrong. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool main_only, at_start, asked, error_size, only_good, tight, online, largest_sum;
};

static const struct view views[] = {
	{ .sentence = NULL },
	{ .sentence = "the calls of the process's other threads are missing: they have a thread ID "
		      "of their own, and the same process ID",
	  .main_only = true },
	{ .sentence = "calls are counted on the CPU where they start: one that waits may end on "
		      "another",
	  .at_start = true },
	{ .sentence = "LARGEST is what a call asked for: what it got is its result, when it ends",
	  .asked = true },
	{ .sentence = "LARGEST holds an error code: a negative result is no size",
	  .error_size = true },
	{ .sentence = "COUNT lacks the calls that failed: FAILED says how many of COUNT did",
	  .only_good = true },
	{ .sentence = "each CPU's slot is looked for right behind the one before: user space gets "
		      "slots that are rounded up to 8 bytes",
	  .tight = true },
	{ .sentence = "there is a row for each CPU that is online: a per-CPU map has a slot for "
		      "each possible CPU",
	  .online = true },
	{ .sentence = "LARGEST of the row `all` is the sum of the CPUs' largest calls",
	  .largest_sum = true },
};

static void keep_largest(struct io *io, uint32_t size)
{
	if (size > io->largest)
		io->largest = size;
}

static void count_step(const struct view *v, const struct step *step, struct io *io)
{
	struct io *start = &io[step->cpu], *end = &io[step->end_cpu];
	bool fails = step->how == FAILS;

	if (step->how == BESIDES || (v->main_only && step->thread))
		return;
	(v->at_start ? start : end)->count += !(fails && v->only_good);
	end->failed += fails;
	if (v->asked)
		keep_largest(start, step->asked);
	else if (!fails)
		keep_largest(end, step->got);
	else if (v->error_size)
		keep_largest(end, (uint32_t)-EBADF);
}

static void io_row(struct stim *s, unsigned call, const char *cpu, const struct io *io)
{
	stim__row(s, "%s %s %u %u %u", call == READ ? "read" : "write", cpu, io->count, io->failed,
		  io->largest);
}

/* What is found at `cpu` when slots of 16 bytes are taken for an array of struct io. */
static struct io tight_slot(const struct io *io, int cpu)
{
	char slots[MAX_CPUS * 16] = { 0 };
	struct io found;

	for (int i = 0; i < nr_cpus; i++)
		memcpy(slots + i * 16, &io[i], sizeof(*io));
	memcpy(&found, slots + cpu * sizeof(found), sizeof(found));
	return found;
}

static void io_rows(struct stim *s, const struct view *v, unsigned call)
{
	struct io io[MAX_CPUS] = { 0 }, all = { 0 };
	int rows = v->online ? 2 : nr_cpus;

	for (size_t i = 0; i < shared->nr_steps; i++)
		if (shared->step[i].call == call)
			count_step(v, &shared->step[i], io);
	for (int cpu = 0; cpu < rows; cpu++) {
		struct io one = v->tight ? tight_slot(io, cpu) : io[cpu];
		char name[16];

		snprintf(name, sizeof(name), "%d", cpu);
		io_row(s, call, name, &one);
		all.count += one.count;
		all.failed += one.failed;
		if (v->largest_sum)
			all.largest += one.largest;
		else
			keep_largest(&all, one.largest);
	}
	io_row(s, call, "all", &all);
}

static void run_exercise(struct stim *s)
{
	pid_t other;

	plan_transfers(s);
	stim__try(sem_post(&shared->go));
	other = stim__fork(s, bystander, transfer_at_once);
	move_readers();
	stim__wait(worker);
	stim__wait(other);
	for (size_t v = 0; v < ARRAY_SIZE(views); v++) {
		stim__mistake(s, views[v].sentence);
		for (unsigned call = 0; call < NR_KINDS; call++)
			io_rows(s, &views[v], call);
	}
}

const struct test_case pair = {
	.columns = "CALL TOTAL AVERAGE MOST CPUS",
	.setup = setup_pair,
	.run = run_pair,
	.needs = {
		{ "program * section=tp/syscalls/sys_enter_read *", "a program at the start of read()" },
		{ "map * type=percpu_array key=4 value=8 *", "a per-CPU array of counters" },
	},
};

const struct test_case exercise = {
	.columns = "CALL CPU COUNT FAILED LARGEST",
	.setup = setup_exercise,
	.run = run_exercise,
	.needs = {
		{ "program * section=*sys_exit* *", "a program at the end of system calls" },
		{ "map * type=percpu_array key=4 value=12 *",
		  "a per-CPU array whose value is struct io, 12 bytes, as the header has it" },
		{ "!map * type=array *", "no array that the CPUs share" },
		{ "!map * type=*hash *", "no hash" },
		{ "!call * bpf_get_smp_processor_id",
		  "no question for the CPU's number: a per-CPU array knows it" },
	},
};
