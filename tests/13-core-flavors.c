// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 13. Pair: signals, and the states that they find threads in. Exercise: reads of files that are
 * in memory, by programs and by the kernel itself. What must be observed is read from /proc, before.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "harness.h"

/* --- both cases --- */

static struct stim *stim; /* for stim__fork(), by whoever forks */

/* A whole file of /proc, in a buffer of the next call's. */
static const char *read_file(const char *fmt, ...)
{
	static char text[4096];
	char path[64];
	va_list ap;
	ssize_t len;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = stim__try(open(path, O_RDONLY | O_CLOEXEC));
	len = stim__try(read(fd, text, sizeof(text) - 1));
	close(fd);
	text[len] = '\0';
	return text;
}

static void wait_sem(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			stim__fail("sem_wait: %s", strerror(errno));
}

static void *share(size_t size)
{
	return stim__try(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

/* --- pair: signals --- */

enum {
	USERS = 3,
	SLICE_SYSCTL_DEFAULT = 100, /* ms */
	STACK = 64 << 10,
};

/* A thread that signals are sent to. */
struct target {
	pid_t pid, tid;
	char state;	/* as /proc shows it */
	unsigned slice; /* ms */
};

struct actor {
	void (*play)(struct actor *actor);
	uid_t uid;
	struct target self, thread; /* thread.tid is 0 without one */
	int pipe[2];
	sem_t go, done; /* of the one that signals itself */
	int sig;
};

enum {
	IN_PIPE,
	ASLEEP,
	IN_VFORK,
	STOPPED,
	TRACED,
	ENDED,
	LEADERLESS,
	WITH_THREAD,
	RUNNING,
	ACTORS
};

static struct actor *actors;
static pid_t tracer;

static void sleep_forever(void)
{
	for (;;)
		nanosleep(&(struct timespec){ .tv_sec = 1000000 }, NULL);
}

static int vfork_child(void *arg __maybe_unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sleep_forever();
	return 0;
}

/* Waits as vfork() does. No signal tells of the child's end. */
static void wait_in_vfork(void)
{
	char *stack = stim__try(
		mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	stim__try(clone(vfork_child, stack + STACK, CLONE_VM | CLONE_VFORK, NULL));
}

static void play_in_pipe(struct actor *a)
{
	char c;

	while (read(a->pipe[0], &c, 1))
		;
}

static void play_asleep(struct actor *a __maybe_unused)
{
	sleep_forever();
}

static void play_in_vfork(struct actor *a __maybe_unused)
{
	wait_in_vfork();
}

static void play_ended(struct actor *a __maybe_unused)
{
}

static void *thread_asleep(void *arg)
{
	struct actor *a = arg;

	a->thread.tid = syscall(SYS_gettid);
	sleep_forever();
	return NULL;
}

static void *thread_in_vfork(void *arg)
{
	struct actor *a = arg;

	a->thread.tid = syscall(SYS_gettid);
	wait_in_vfork();
	return NULL;
}

static void start_thread(struct actor *a, void *(*fn)(void *))
{
	pthread_t id;
	int err = pthread_create(&id, NULL, fn, a);

	if (err)
		stim__fail("pthread_create: %s", strerror(err));
}

/* Its first thread ends, the process does not. */
static void play_leaderless(struct actor *a)
{
	start_thread(a, thread_asleep);
	syscall(SYS_exit, 0);
}

static void play_with_thread(struct actor *a)
{
	start_thread(a, thread_in_vfork);
	sleep_forever();
}

static void play_running(struct actor *a)
{
	for (;;) {
		wait_sem(&a->go);
		stim__try(kill(getpid(), a->sig));
		stim__try(sem_post(&a->done));
	}
}

static void play_tracer(void *arg)
{
	const struct actor *a = arg;

	stim__try(ptrace(PTRACE_SEIZE, a->self.pid, NULL, NULL));
	stim__try(ptrace(PTRACE_INTERRUPT, a->self.pid, NULL, NULL));
	sleep_forever();
}

static void play(void *arg)
{
	struct actor *a = arg;

	stim__try(setresuid(a->uid, a->uid, a->uid));
	stim__try(prctl(PR_SET_PDEATHSIG, SIGKILL)); /* forgotten with the old user */
	a->play(a);
}

static char state_of(pid_t pid, pid_t tid)
{
	const char *stat = strrchr(read_file("/proc/%d/task/%d/stat", pid, tid), ')');

	return stat && stat[1] ? stat[2] : '?';
}

/* How many signals are queued for the user whom the target runs as. */
static unsigned pending_of(const struct target *t)
{
	const char *line = strstr(read_file("/proc/%d/status", t->pid), "\nSigQ:");
	unsigned nr;

	if (!line || sscanf(line, " SigQ: %u", &nr) != 1)
		stim__fail("/proc/%d/status has no SigQ", t->pid);
	return nr;
}

static void await_state(struct target *t, char state)
{
	t->state = state;
	while (state_of(t->pid, t->tid) != state)
		sched_yield();
}

static unsigned tick_ms(void)
{
	struct timespec tick;

	stim__try(clock_getres(CLOCK_MONOTONIC_COARSE, &tick));
	return tick.tv_nsec / 1000000;
}

/* The slice that tasks get which are made from now on. */
static void set_slice(unsigned ms)
{
	int fd = stim__try(open("/proc/sys/kernel/sched_rr_timeslice_ms", O_WRONLY | O_CLOEXEC));

	if (dprintf(fd, "%u\n", ms) < 0)
		stim__fail("sched_rr_timeslice_ms: %s", strerror(errno));
	close(fd);
}

static void start_actor(struct stim *s, int i, void (*fn)(struct actor *), char state, char thread)
{
	struct actor *a = &actors[i];

	a->play = fn;
	a->self.slice = a->thread.slice = tick_ms() * (1 + stim__rand(s, 60));
	set_slice(a->self.slice);
	stim__try(sem_init(&a->go, 1, 0));
	stim__try(sem_init(&a->done, 1, 0));
	a->self.pid = a->self.tid = a->thread.pid = stim__fork(s, play, a);
	stim__own(s, a->self.pid);
	while (thread && !*(volatile pid_t *)&a->thread.tid)
		sched_yield();
	await_state(&a->self, state);
	if (thread)
		await_state(&a->thread, thread);
}

static void raise_curtain(struct stim *s)
{
	uid_t uids[USERS];
	sigset_t all;

	/* Inherited. What is blocked is queued, and wakes nobody. */
	sigfillset(&all);
	sigdelset(&all, SIGCHLD);
	stim__try(sigprocmask(SIG_BLOCK, &all, NULL));
	for (int i = 0; i < USERS; i++)
		uids[i] = 10000 * (i + 1) + stim__rand(s, 10000);
	for (int i = 0; i < ACTORS; i++)
		actors[i].uid = uids[i % USERS];
	stim__try(pipe2(actors[IN_PIPE].pipe, O_CLOEXEC));
	start_actor(s, IN_PIPE, play_in_pipe, 'S', 0);
	start_actor(s, ASLEEP, play_asleep, 'S', 0);
	start_actor(s, IN_VFORK, play_in_vfork, 'D', 0);
	start_actor(s, STOPPED, play_asleep, 'S', 0);
	start_actor(s, TRACED, play_asleep, 'S', 0);
	start_actor(s, ENDED, play_ended, 'Z', 0);
	start_actor(s, LEADERLESS, play_leaderless, 'Z', 'S');
	start_actor(s, WITH_THREAD, play_with_thread, 'S', 'D');
	start_actor(s, RUNNING, play_running, 'S', 0);
	tracer = stim__fork(s, play_tracer, &actors[TRACED]);
	await_state(&actors[TRACED].self, 't');
	set_slice(SLICE_SYSCTL_DEFAULT);
}

static void expect(struct stim *s, const struct target *t, int sig, char state)
{
	stim__row(s, "%d %d %d %c %u %u", t->pid, t->tid, sig, state, t->slice, pending_of(t));
}

static void send_signal(struct stim *s, const struct target *t, int sig)
{
	expect(s, t, sig, t->state);
	if (t->tid == t->pid)
		stim__try(kill(t->pid, sig));
	else
		stim__try(syscall(SYS_tgkill, t->pid, t->tid, sig));
}

/* One that the kernel queues each time, or once, or not at all. */
static int some_signal(struct stim *s)
{
	static const int sigs[] = { SIGUSR1, SIGURG, SIGTERM };
	unsigned i = stim__rand(s, 8);

	return i < ARRAY_SIZE(sigs) ? sigs[i] : SIGRTMIN + (int)stim__rand(s, 20);
}

static void signal_itself(struct stim *s, struct actor *a)
{
	a->sig = some_signal(s);
	expect(s, &a->self, a->sig, 'R');
	stim__try(sem_post(&a->go));
	wait_sem(&a->done);
	await_state(&a->self, 'S');
}

/* SIGCONT is looked at first and sent later: whoever asks too late finds nobody stopped. */
static void stop_and_continue(struct stim *s, struct actor *a)
{
	send_signal(s, &a->self, SIGSTOP);
	await_state(&a->self, 'T');
	for (unsigned n = stim__rand(s, 3); n; n--)
		send_signal(s, &a->self, some_signal(s));
	send_signal(s, &a->self, SIGCONT);
	await_state(&a->self, 'S');
}

/* Signals that are not sent. */
static void send_in_vain(const struct target *t)
{
	stim__try(kill(t->pid, 0));
	if (!kill(t->pid, 65) || errno != EINVAL)
		stim__fail("there is a signal 65");
}

/* A kernel thread that waits for work, and does not count as load while it does. */
static bool find_idle(struct target *t)
{
	for (pid_t pid = 3; pid < 64; pid++) {
		/* There may be no such process; it may end, were it no kernel thread. */
		if (kill(pid, 0) || state_of(pid, pid) != 'I')
			continue;
		*t = (struct target){ pid, pid, 'I', SLICE_SYSCTL_DEFAULT };
		return true;
	}
	return false;
}

static void drop_curtain(struct stim *s)
{
	for (int i = 0; i < ACTORS; i++) {
		send_signal(s, &actors[i].self, SIGKILL);
		if (i == TRACED) {
			stim__try(kill(tracer, SIGKILL));
			stim__try(waitpid(tracer, NULL, 0));
		}
		stim__try(waitpid(actors[i].self.pid, NULL, 0));
	}
}

static void run_pair(struct stim *s)
{
	struct target idle;

	stim = s;
	actors = share(ACTORS * sizeof(*actors));
	raise_curtain(s);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < ACTORS; i++) {
			struct actor *a = &actors[i];

			send_in_vain(&a->self);
			for (unsigned n = 1 + stim__rand(s, 3); n; n--)
				if (i == RUNNING)
					signal_itself(s, a);
				else
					send_signal(s, &a->self, some_signal(s));
			if (a->thread.tid)
				send_signal(s, &a->thread, some_signal(s));
		}
		stop_and_continue(s, &actors[STOPPED]);
	}
	if (find_idle(&idle)) {
		stim__own(s, idle.pid);
		send_signal(s, &idle, SIGURG);
	}
	drop_curtain(s);
}

/* --- exercise: reads --- */

enum { READERS = 3, MAX_STEPS = 23, MAX_BUFFERS = 5, FILE_SIZE = 20000, BPRM_BUF_SIZE = 256 };

/* What the kernel has had to describe where the bytes go, by one enum: see numbers[]. */
enum buffer { ONE, ONE_OF_LIST, LIST, KERNEL_LIST, PIPE, PAGES, BUFFERS };

/* One read that the kernel did. */
struct step {
	enum buffer buffer;
	unsigned size;
	pid_t tid;
};

struct reader {
	pid_t pid;
	unsigned nr, todo; /* steps done; how many times to do something */
	uint64_t random;
	struct step step[MAX_STEPS * 3];
};

static struct reader *readers;
static int file, program, text; /* open for reading */

enum era { BEFORE_5_14, BEFORE_6_4, SINCE_6_5, ERAS };

/* enum iter_type, in each of the kernels that the course has. */
static const unsigned numbers[ERAS][BUFFERS] = {
	[BEFORE_5_14] = { 4, 4, 4, 8, 32, 16 },
	[BEFORE_6_4] = { 6, 0, 0, 1, 3, 2 },
	[SINCE_6_5] = { 0, 0, 1, 3, 99, 2 },
};

static enum era find_era(void)
{
	struct utsname u;
	unsigned major, minor;

	stim__try(uname(&u));
	if (sscanf(u.release, "%u.%u", &major, &minor) != 2)
		stim__fail("kernel %s: which version is that?", u.release);
	if (major > 6 || (major == 6 && minor >= 5))
		return SINCE_6_5;
	return major == 6 || minor >= 14 ? BEFORE_6_4 : BEFORE_5_14;
}

/* A child's own random numbers: it has no stim__rand(). */
static unsigned pick(struct reader *r, unsigned below)
{
	r->random = r->random * 6364136223846793005 + 1442695040888963407;
	return (r->random >> 33) % below;
}

static void note(struct reader *r, enum buffer buffer, unsigned size)
{
	r->step[r->nr++] = (struct step){ buffer, size, syscall(SYS_gettid) };
}

static char buf[FILE_SIZE];

static void read_one(struct reader *r)
{
	unsigned size = pick(r, 2) ? 1 + pick(r, 9000) : BPRM_BUF_SIZE;

	note(r, ONE, size);
	stim__try(pread(file, buf, size, pick(r, FILE_SIZE)));
}

static void read_list(struct reader *r, int nr)
{
	struct iovec list[MAX_BUFFERS];
	unsigned size = 0;

	for (int i = 0; i < nr; i++) {
		list[i] = (struct iovec){ buf, 1 + pick(r, 2000) };
		size += list[i].iov_len;
	}
	note(r, nr > 1 ? LIST : ONE_OF_LIST, size);
	stim__try(preadv(file, list, nr, pick(r, FILE_SIZE)));
}

/* Fails, when the read has begun. */
static void read_to_nowhere(struct reader *r)
{
	unsigned size = 1 + pick(r, 500);

	note(r, ONE, size);
	if (pread(file, (void *)4096, size, 0) >= 0 || errno != EFAULT)
		stim__fail("reading to an address that is none");
}

static void run_file(int fd)
{
	char *none[] = { NULL };

	if (!syscall(SYS_execveat, fd, "", none, none, AT_EMPTY_PATH) ||
	    (errno != ENOEXEC && errno != EIO))
		stim__fail("execveat: %s", strerror(errno));
}

/* The kernel reads the start of a program, its headers and its loader's name, and finds that there is
 * no such name.
 */
static void run_program(struct reader *r, const Elf64_Ehdr *e, const Elf64_Phdr *interp)
{
	note(r, KERNEL_LIST, BPRM_BUF_SIZE);
	note(r, KERNEL_LIST, e->e_phnum * sizeof(Elf64_Phdr));
	note(r, KERNEL_LIST, interp->p_filesz);
	run_file(program);
}

static void run_text(struct reader *r)
{
	note(r, KERNEL_LIST, BPRM_BUF_SIZE);
	run_file(text);
}

/* Its bytes go into a pipe, on newer kernels without this way of reading. */
static void splice_some(struct reader *r)
{
	unsigned size = 1 + pick(r, 4000);
	loff_t from = 0;
	int fd[2];

	if (find_era() != SINCE_6_5)
		note(r, PIPE, size);
	stim__try(pipe2(fd, O_CLOEXEC));
	stim__try(splice(file, &from, fd[1], NULL, size, 0));
	close(fd[0]);
	close(fd[1]);
}

static void *map_ring(int ring, size_t len, off_t what)
{
	return stim__try(mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring, what));
}

/* Into pages that io_uring has been told of before: on each kernel, neither a program's buffer nor a
 * list. The file is O_NONBLOCK, or else a thread of io_uring's might read.
 */
static void read_registered(struct reader *r)
{
	unsigned size = 1 + pick(r, 9000), from = pick(r, FILE_SIZE - size);
	struct iovec pages = { buf, sizeof(buf) };
	struct io_uring_params p = {};
	int ring = stim__try(syscall(SYS_io_uring_setup, 1, &p));
	size_t len = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	size_t sq_len = p.sq_off.array + p.sq_entries * sizeof(__u32);
	size_t sqe_len = p.sq_entries * sizeof(struct io_uring_sqe);
	char *rings = map_ring(ring, len > sq_len ? len : sq_len, IORING_OFF_SQ_RING);
	struct io_uring_sqe *sqe = map_ring(ring, sqe_len, IORING_OFF_SQES);
	const struct io_uring_cqe *cqe = (void *)(rings + p.cq_off.cqes);

	stim__try(syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &pages, 1));
	*sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_READ_FIXED,
		.fd = file,
		.addr = (uintptr_t)buf,
		.len = size,
		.off = from,
	};
	*(__u32 *)(rings + p.sq_off.array) = 0;
	__atomic_store_n((__u32 *)(rings + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	note(r, PAGES, size);
	stim__try(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	if (cqe->res != (int)size)
		stim__fail("io_uring read %d of %u bytes", cqe->res, size);
	munmap(sqe, sqe_len);
	munmap(rings, len > sq_len ? len : sq_len);
	close(ring);
}

/* Not a file in memory. */
static void read_zeros(void)
{
	int fd = stim__try(open("/dev/zero", O_RDONLY | O_CLOEXEC));

	stim__try(read(fd, buf, 100));
	close(fd);
}

static struct {
	Elf64_Ehdr e;
	Elf64_Phdr p[40];
} elf;

static void read_somehow(struct reader *r, unsigned way)
{
	switch (way) {
	case 0:
		return read_one(r);
	case 1:
		return read_list(r, 1);
	case 2:
		return read_list(r, 2 + pick(r, MAX_BUFFERS - 1));
	case 3:
		return read_to_nowhere(r);
	case 4:
		return run_program(r, &elf.e, &elf.p[0]);
	case 5:
		return run_text(r);
	case 6:
		return splice_some(r);
	case 7:
		return read_registered(r);
	default:
		return read_zeros();
	}
}

static void *read_in_thread(void *arg)
{
	struct reader *r = arg;

	/* Not the ways to run a program: the other threads would have to end. */
	for (unsigned i = 0; i < 3; i++)
		read_somehow(r, pick(r, 4));
	return NULL;
}

static void play_reader(void *arg)
{
	struct reader *r = arg;
	pthread_t id;
	int err;

	r->pid = getpid();
	for (unsigned way = 0; way < 9; way++)
		read_somehow(r, way);
	err = pthread_create(&id, NULL, read_in_thread, r);
	if (err)
		stim__fail("pthread_create: %s", strerror(err));
	pthread_join(id, NULL);
	for (unsigned i = 0; i < r->todo; i++)
		read_somehow(r, pick(r, 9));
}

/* A file in memory, open for reading only: the kernel runs none that somebody may write to. */
static int make_file(const void *data, size_t len)
{
	int fd = stim__try(memfd_create("file", MFD_CLOEXEC)), reading;
	char path[32];

	if (write(fd, data, len) != (ssize_t)len)
		stim__fail("memfd: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reading = stim__try(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	close(fd);
	return reading;
}

static void make_files(struct stim *s)
{
	static const char words[] = "This is no program, but it may be run.\n";

	memcpy(elf.e.e_ident, ELFMAG, SELFMAG);
	elf.e.e_ident[EI_CLASS] = ELFCLASS64;
	elf.e.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.e.e_ident[EI_VERSION] = EV_CURRENT;
	elf.e.e_type = ET_DYN;
	elf.e.e_machine = EM_X86_64;
	elf.e.e_version = EV_CURRENT;
	elf.e.e_phoff = sizeof(elf.e);
	elf.e.e_phentsize = sizeof(elf.p[0]);
	elf.e.e_phnum = 2 + stim__rand(s, ARRAY_SIZE(elf.p) - 2);
	elf.p[0].p_type = PT_INTERP;
	elf.p[0].p_offset = 1 << 20; /* behind the end */
	elf.p[0].p_filesz = 2 + stim__rand(s, 3000);
	program = make_file(&elf, sizeof(elf));
	text = make_file(words, sizeof(words) - 1);
	file = make_file(buf, sizeof(buf));
}

/* What a program makes of a read: the right thing, or not. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	enum era constants;   /* whose numbers it has; ERAS: it asks */
	bool tid, bits, all_other, lists_only, one_kind, rest_user, rest_kernel;
};

static const struct view views[] = {
	{ .sentence = NULL, .constants = ERAS },
	{ .sentence = "every row is `other`: nothing is classified yet, or by another kernel's "
		      "numbers; ask for each with bpf_core_enum_value()",
	  .constants = ERAS,
	  .all_other = true },
	{ .sentence =
		  "the enum's values are those of vmlinux.h, kernel 6.12: this kernel has others; "
		  "ask for each with bpf_core_enum_value()",
	  .constants = SINCE_6_5 },
	{ .sentence = "the enum's values are compared as bits, which they were on 5.10 only: "
		      "compare with "
		      "==",
	  .constants = ERAS,
	  .bits = true },
	{ .sentence = "reads into one buffer are `other`: newer kernels call that ITER_UBUF, and "
		      "6.1 has another number for it than 6.12",
	  .constants = ERAS,
	  .lists_only = true },
	{ .sentence =
		  "the reads that the kernel does for itself are `user`: its buffers are ITER_KVEC",
	  .constants = ERAS,
	  .one_kind = true },
	{ .sentence =
		  "what is neither a program's buffer nor the kernel's is `user`: it is `other`",
	  .constants = ERAS,
	  .rest_user = true },
	{ .sentence =
		  "what is neither a program's buffer nor the kernel's is `kernel`: it is `other`",
	  .constants = ERAS,
	  .rest_kernel = true },
	{ .sentence = "PID is the ID of the thread: the process's is in the upper half of "
		      "bpf_get_current_pid_tgid()",
	  .constants = ERAS,
	  .tid = true },
};

static const char *kind_of(const struct view *v, enum era era, enum buffer b)
{
	const unsigned *known = numbers[v->constants == ERAS ? era : v->constants];
	unsigned number = numbers[era][b];

	if (v->all_other)
		return "other";
	if (v->one_kind && b == KERNEL_LIST)
		return "user";
	if (v->bits)
		return number & (known[ONE] | known[LIST]) ? "user"
		       : number & known[KERNEL_LIST]	   ? "kernel"
							   : "other";
	if (number == known[KERNEL_LIST])
		return "kernel";
	if (number == known[LIST] || (number == known[ONE] && !v->lists_only))
		return "user";
	return v->rest_user ? "user" : v->rest_kernel ? "kernel" : "other";
}

static void view_rows(struct stim *s, const struct view *v, enum era era)
{
	for (const struct reader *r = readers; r < readers + READERS; r++)
		for (unsigned i = 0; i < r->nr; i++)
			stim__row(s, "%d %s %u", v->tid ? r->step[i].tid : r->pid,
				  kind_of(v, era, r->step[i].buffer), r->step[i].size);
}

/* Whether the mistake makes a difference here. */
static bool can_show(const struct view *v, enum era era)
{
	return v->constants != era && (!(v->lists_only || v->bits) || era != BEFORE_5_14);
}

static void run_exercise(struct stim *s)
{
	enum era era = find_era();
	pid_t pid[READERS];

	readers = share(READERS * sizeof(*readers));
	make_files(s);
	for (int i = 0; i < READERS; i++) {
		readers[i].random = stim__rand(s, 1 << 30);
		readers[i].todo = 3 + stim__rand(s, MAX_STEPS - 14);
		pid[i] = stim__fork(s, play_reader, &readers[i]);
	}
	for (int i = 0; i < READERS; i++)
		stim__wait(pid[i]);
	for (const struct reader *r = readers; r < readers + READERS; r++) {
		stim__own(s, r->pid);
		for (unsigned i = 0; i < r->nr; i++)
			stim__own(s, r->step[i].tid);
	}
	for (const struct view *v = views; v < views + ARRAY_SIZE(views); v++) {
		if (!can_show(v, era))
			continue;
		stim__mistake(s, v->sentence);
		view_rows(s, v, era);
	}
}

const struct test_case pair = {
	.columns = "PID TID SIG STATE SLICE PENDING",
	.own = "PID",
	.run = run_pair,
	.needs = {
		{ "program * section=kprobe/send_signal *", "a program for the function's old name" },
		{ "program * section=kprobe/send_signal_locked *", "a program for its new name" },
		{ "relocation * byte_off task_struct.__state", "a CO-RE read of task_struct.__state" },
		{ "relocation * byte_off task_struct___*.state", "a CO-RE read of `state`, by a flavor" },
		{ "relocation * field_exists task_struct.__state", "a question whether `__state` exists" },
		{ "relocation * enumval_value rlimit_type.UCOUNT_RLIMIT_SIGPENDING",
		  "the value of UCOUNT_RLIMIT_SIGPENDING, asked of the kernel" },
		{ "variable .kconfig CONFIG_HZ *", "the kernel's CONFIG_HZ" },
	},
};

const struct test_case exercise = {
	.columns = "PID KIND SIZE",
	.own = "PID",
	.run = run_exercise,
	.needs = {
		{ "program * section=kprobe/shmem_file_read_iter *",
		  "a kprobe at shmem_file_read_iter" },
		{ "!variable .kconfig *", "no question about the kernel's version or configuration" },
		{ "relocation * byte_off iov_iter.iter_type", "a CO-RE read of iov_iter.iter_type" },
		{ "relocation * byte_off iov_iter___*.type", "a CO-RE read of `type`, by a flavor" },
		{ "relocation * field_exists iov_iter*type", "a question which of the fields exists" },
		{ "relocation * enumval_exists iter_type*.ITER_UBUF",
		  "a question whether ITER_UBUF exists" },
		{ "relocation * enumval_value iter_type*.ITER_IOVEC",
		  "the value of ITER_IOVEC, asked of the kernel" },
		{ "relocation * enumval_value iter_type*.ITER_KVEC",
		  "the value of ITER_KVEC, asked of the kernel" },
	},
};
