// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 02. Pair: results of openat() per process and access mode. Exercise: bytes that read()
 * returned per process and descriptor. Each case has a crowd: threads of a process of their own that
 * wait inside the call, more of them than any of the kernels has instances for by default (3 on
 * 5.10, 10 on the others). While they wait, no return is seen.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "harness.h"

enum {
	CROWD = 40,
	MAX_CALLS = 4096,
	BUFFER = 64 << 10,
	MANY_THREADS = 150, /* one after the other: more than the exercise's map has room for */
	NOBODY = 65534,
	ERESTARTSYS = 512, /* linux/errno.h, the kernel's own */
	NONE = -2,	   /* -1 is read, too */
};

enum how { COUNTED, OTHER_CALL, RETURN_MISSED };

/* A call that a worker made. */
struct call {
	pid_t pid, tid;
	int what;	/* the access mode, or the descriptor */
	unsigned asked; /* bytes that read() was to read */
	long ret;	/* as the kernel's function returned it */
	enum how how;
	int during; /* a descriptor that another thread of the process read meanwhile, or NONE */
	int before; /* that of the thread's call before, whose return was missed, or NONE */
};

/* Memory that all the processes share. */
static struct stage {
	struct call call[MAX_CALLS];
	int nr_calls;
	int primes[8];
	sem_t missing, seen, done; /* the crowd is there; it has left; what a worker did is done */
	sem_t asleep;		   /* the reader is */
	pid_t reader, crowd[CROWD];
	int crowd_pipe[2];
	char folder[32];
	volatile int signals; /* handled */
} * stage;

static char buffer[BUFFER];

/* --- both cases --- */

static void make_stage(struct stim *s)
{
	static const int primes[] = { 2, 3, 5, 7, 11, 13 };

	stage = stim__try(mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(stage->primes); i++)
		stage->primes[i] = primes[stim__rand(s, ARRAY_SIZE(primes))];
	stim__try(sem_init(&stage->asleep, 1, 0));
	stim__try(sem_init(&stage->missing, 1, 0));
	stim__try(sem_init(&stage->seen, 1, 0));
	stim__try(sem_init(&stage->done, 1, 0));
	strcpy(stage->folder, "/tmp/stimulus-XXXXXX");
	if (!mkdtemp(stage->folder))
		stim__fail("%s: %s", stage->folder, strerror(errno));
	stim__try(chmod(stage->folder, 0755));
}

static void wait_sem(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			stim__fail("sem_wait: %s", strerror(errno));
}

static pthread_t start_thread(void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t id;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	err = pthread_create(&id, &attr, fn, arg);
	if (err)
		stim__fail("pthread_create: %s", strerror(err));
	pthread_attr_destroy(&attr);
	return id;
}

static struct call *note(int what, long ret, enum how how)
{
	int nr = __atomic_fetch_add(&stage->nr_calls, 1, __ATOMIC_RELAXED);

	if (nr >= MAX_CALLS)
		stim__fail("more than %d calls", MAX_CALLS);
	stage->call[nr] = (struct call){ .pid = getpid(),
					 .tid = syscall(SYS_gettid),
					 .what = what,
					 .ret = ret == -1 ? -errno : ret,
					 .how = how,
					 .during = NONE,
					 .before = NONE };
	return &stage->call[nr];
}

/* Returns when the thread sleeps in this system call. Uses neither openat() nor read(). */
static void wait_for_call(pid_t pid, pid_t tid, int nr)
{
	char path[64], text[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	do {
		sched_yield();
		fd = stim__try(syscall(SYS_open, path, O_RDONLY | O_CLOEXEC));
		len = stim__try(pread(fd, text, sizeof(text) - 1, 0));
		text[len] = '\0';
		close(fd);
	} while (text[0] < '0' || text[0] > '9' || atoi(text) != nr);
}

static void count_signal(int sig __maybe_unused)
{
	__atomic_fetch_add(&stage->signals, 1, __ATOMIC_RELEASE);
}

/* After the first one, the kernel starts the call again; the second one makes it fail. */
static void handle_signals(void)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };

	stim__try(sigaction(SIGUSR1, &action, NULL));
	action.sa_flags = 0;
	stim__try(sigaction(SIGUSR2, &action, NULL));
}

/* Sends a signal to a process that sleeps in this call, and waits until it does so again. */
static void interrupt(pid_t pid, int sig, int nr)
{
	int before = stage->signals;

	wait_for_call(pid, pid, nr);
	stim__try(kill(pid, sig));
	while (__atomic_load_n(&stage->signals, __ATOMIC_ACQUIRE) == before)
		sched_yield();
	wait_for_call(pid, pid, nr);
}

/* What the kernel's function returns is never seen outside: the call starts again or says EINTR. */
static void add_restarted(pid_t pid, int what)
{
	struct call *restarted = note(what, -ERESTARTSYS, COUNTED);

	restarted->pid = restarted->tid = pid;
	for (struct call *c = stage->call; c < restarted; c++)
		if (c->pid == pid && c->ret == -EINTR)
			c->ret = -ERESTARTSYS;
}

static const char *in_folder(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", stage->folder, name);
	return path;
}

static void run_crowd(void *member)
{
	pthread_t id[CROWD];

	for (intptr_t i = 0; i < CROWD; i++)
		id[i] = start_thread((void *(*)(void *))member, (void *)i);
	for (int i = 0; i < CROWD; i++)
		pthread_join(id[i], NULL);
}

static pid_t gather_crowd(struct stim *s, void *(*member)(void *), int nr)
{
	pid_t pid = stim__fork(s, run_crowd, member);

	for (int i = 0; i < CROWD; i++) {
		while (!__atomic_load_n(&stage->crowd[i], __ATOMIC_ACQUIRE))
			sched_yield();
		wait_for_call(pid, stage->crowd[i], nr);
	}
	return pid;
}

static void clear_stage(void)
{
	char path[64];

	unlink(in_folder("fifo", path));
	unlink(in_folder("gate", path));
	unlink(in_folder("secret", path));
	unlink(in_folder("file", path));
	stim__try(rmdir(stage->folder));
	munmap(stage, sizeof(*stage));
}

/* --- pair: openat() --- */

static int open_at(const char *path, int flags, enum how how)
{
	int fd = syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

	note(flags & O_ACCMODE, fd, how);
	if (fd >= 0)
		close(fd);
	return fd;
}

static void open_times(int n, const char *path, int flags, enum how how)
{
	while (n--)
		open_at(path, flags, how);
}

static void open_otherwise(void)
{
	struct open_how how = { .flags = O_RDONLY };
	const char *null = "/dev/null";

	close(stim__try(syscall(SYS_open, null, O_RDONLY)));
	close(stim__try(syscall(SYS_creat, null, 0600)));
	close(stim__try(syscall(SYS_openat2, AT_FDCWD, null, &how, sizeof(how))));
	if (syscall(SYS_openat2, AT_FDCWD, "/nowhere", &how, sizeof(how)) != -1)
		stim__fail("openat2: opened /nowhere");
}

static void *open_all_kinds(void *arg __maybe_unused)
{
	const int *n = stage->primes;
	char path[64], *long_path = alloca(5000);

	memset(long_path, 'x', 4999);
	long_path[4999] = '\0';
	open_times(n[0], "/dev/null", O_RDONLY, COUNTED);
	open_times(n[1], "/dev/null", O_WRONLY, COUNTED);
	open_times(n[2], "/dev/zero", O_RDWR | O_CLOEXEC, COUNTED);
	open_times(n[3], "/nowhere", O_RDONLY | O_NOFOLLOW, COUNTED);
	open_times(n[4], "", O_WRONLY, COUNTED);
	open_at("/dev/null", O_ACCMODE, COUNTED);
	open_at(long_path, O_RDONLY, COUNTED);
	open_at((const char *)1, O_RDWR, COUNTED);
	open_at("/tmp", O_WRONLY, COUNTED);
	open_at("/dev/null", O_RDONLY | O_DIRECTORY, COUNTED);
	open_times(n[5], in_folder("secret", path), O_RDWR | O_CREAT | O_EXCL, COUNTED);
	return NULL;
}

/* All results, in the first thread and in another; at last without root's rights. */
static void open_files(void *arg __maybe_unused)
{
	char path[64];

	open_otherwise();
	open_all_kinds(NULL);
	pthread_join(start_thread(open_all_kinds, NULL), NULL);
	stim__try(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY));
	open_times(stage->primes[6], in_folder("secret", path), O_RDONLY, COUNTED);
	open_times(stage->primes[7], in_folder("secret", path), O_WRONLY | O_TRUNC, COUNTED);
}

static void open_nothing(void *arg __maybe_unused)
{
	open_otherwise();
}

/* Waits in openat() until there is a writer. Each signal makes the function return; the first one
 * leads to a second call that the program does not notice.
 */
static void open_fifo(void *arg __maybe_unused)
{
	char path[64];

	in_folder("fifo", path);
	handle_signals();
	if (open_at(path, O_RDONLY, COUNTED) != -1 || errno != EINTR)
		stim__fail("openat: not interrupted");
	open_at(path, O_RDONLY, COUNTED);
}

/* For whoever waits to open it for reading. */
static void open_for_writing(const char *name)
{
	char path[64];

	close(stim__try(syscall(SYS_open, in_folder(name, path), O_WRONLY | O_CLOEXEC)));
}

static pid_t run_fifo(struct stim *s)
{
	pid_t pid = stim__fork(s, open_fifo, NULL);

	interrupt(pid, SIGUSR1, SYS_openat);
	interrupt(pid, SIGUSR2, SYS_openat);
	open_for_writing("fifo");
	stim__wait(pid);
	add_restarted(pid, O_RDONLY);
	return pid;
}

static void *wait_at_gate(void *arg)
{
	char path[64];

	in_folder("gate", path);
	__atomic_store_n(&stage->crowd[(intptr_t)arg], syscall(SYS_gettid), __ATOMIC_RELEASE);
	close(stim__try(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC)));
	return NULL;
}

static void *open_unseen(void *arg __maybe_unused)
{
	open_times(stage->primes[0], "/dev/null", O_WRONLY, RETURN_MISSED);
	open_times(stage->primes[1], "/nowhere", O_RDONLY, RETURN_MISSED);
	return NULL;
}

static void open_in_crowd(void *arg __maybe_unused)
{
	open_times(stage->primes[2], "/dev/null", O_RDONLY, COUNTED);
	stim__try(sem_post(&stage->done));
	wait_sem(&stage->missing);
	open_unseen(NULL);
	pthread_join(start_thread(open_unseen, NULL), NULL);
	stim__try(sem_post(&stage->done));
	wait_sem(&stage->seen);
	open_times(stage->primes[3], "/nowhere", O_WRONLY, COUNTED);
}

static pid_t run_missed(struct stim *s)
{
	pid_t pid = stim__fork(s, open_in_crowd, NULL), crowd;

	wait_sem(&stage->done);
	crowd = gather_crowd(s, wait_at_gate, SYS_openat);
	stim__try(sem_post(&stage->missing));
	wait_sem(&stage->done);
	open_for_writing("gate");
	stim__wait(crowd);
	stim__try(sem_post(&stage->seen));
	stim__wait(pid);
	return pid;
}

static const char *result_name(const struct call *call, char number[16])
{
	const char *name = strerrorname_np(-call->ret);

	if (call->how == RETURN_MISSED)
		return "?";
	if (call->ret >= 0)
		return "OK";
	snprintf(number, 16, "%d", (int)-call->ret);
	return name ? name : number;
}

static bool same_result(const struct call *a, const struct call *b)
{
	char x[16], y[16];

	return a->pid == b->pid && a->what == b->what &&
	       !strcmp(result_name(a, x), result_name(b, y));
}

static void open_rows(struct stim *s)
{
	static const char *const modes[] = { "r", "w", "rw", "-" };
	struct call *end = stage->call + stage->nr_calls;
	char number[16];

	for (struct call *c = stage->call; c < end; c++) {
		unsigned count = 0;
		bool first = true;

		for (struct call *other = stage->call; other < end; other++) {
			if (!same_result(c, other))
				continue;
			first &= other >= c;
			count++;
		}
		if (first)
			stim__row(s, "%d %s %s %u", c->pid, modes[c->what], result_name(c, number),
				  count);
	}
}

static void run_pair(struct stim *s)
{
	void (*const workers[])(void *) = { open_nothing, open_files, open_files };
	char path[64];
	pid_t pid;

	make_stage(s);
	close(stim__try(syscall(SYS_creat, in_folder("secret", path), 0600)));
	stim__try(mkfifo(in_folder("fifo", path), 0600));
	stim__try(mkfifo(in_folder("gate", path), 0600));
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
		pid = stim__fork(s, workers[i], NULL);
		stim__wait(pid);
		stim__own(s, pid);
	}
	stim__own(s, run_fifo(s));
	stim__own(s, run_missed(s));
	open_rows(s);
	clear_stage();
}

/* --- exercise: read() --- */

static struct call *read_from(int fd, size_t asked, enum how how)
{
	long ret = syscall(SYS_read, fd, buffer, asked);
	struct call *call = note(fd, ret, how);

	call->asked = asked;
	return call;
}

static void feed(int fd, size_t n)
{
	if (stim__try(write(fd, buffer, n)) != (ssize_t)n)
		stim__fail("write: no room for %zu bytes", n);
}

/* None of these is read(), though each reads. */
static void read_otherwise(int file, const int pipe[2])
{
	struct iovec vec = { .iov_base = buffer, .iov_len = 11 };
	int pair[2];

	note(file, stim__try(pread(file, buffer, 41, 0)), OTHER_CALL)->asked = 41;
	feed(pipe[1], 7);
	note(pipe[0], stim__try(readv(pipe[0], &vec, 1)), OTHER_CALL)->asked = 11;
	stim__try(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	feed(pair[1], 5);
	note(pair[0], stim__try(recv(pair[0], buffer, 19, 0)), OTHER_CALL)->asked = 19;
	close(pair[0]);
	close(pair[1]);
}

static void read_badly(int fd, const int pipe[2])
{
	int folder = stim__try(syscall(SYS_open, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	read_from(-1, 10, COUNTED);
	read_from(pipe[1], 13, COUNTED);
	read_from(folder, 17, COUNTED);
	note(fd, syscall(SYS_read, fd, (void *)1, 23), COUNTED)->asked = 23;
	close(folder);
}

/* Several descriptors, which both threads of a process use; some calls return fewer bytes than they
 * ask for, or none, or fail.
 */
static void *read_all_kinds(void *arg)
{
	const int *n = stage->primes, *pipe = arg;
	int zero = stim__try(syscall(SYS_open, "/dev/zero", O_RDONLY | O_CLOEXEC));
	int null = stim__try(syscall(SYS_open, "/dev/null", O_RDONLY | O_CLOEXEC));
	char path[64];
	int file = stim__try(syscall(SYS_open, in_folder("file", path), O_RDONLY | O_CLOEXEC));

	for (int i = 0; i < n[0]; i++) {
		feed(pipe[1], 100 * n[1] + i);
		read_from(pipe[0], 4096, COUNTED);
	}
	for (int i = 0; i < n[2]; i++)
		read_from(zero, 1000 * n[3] + i, COUNTED);
	read_otherwise(file, pipe);
	for (int i = 0; i < n[4]; i++)
		read_from(null, 100, COUNTED);
	read_from(zero, 0, COUNTED);
	read_badly(zero, pipe);
	while (read_from(file, 64, COUNTED)->ret > 0)
		;
	close(file);
	close(null);
	close(zero);
	return NULL;
}

static void read_files(void *arg __maybe_unused)
{
	int pipe[2];

	stim__try(pipe2(pipe, O_CLOEXEC));
	read_all_kinds(pipe);
	pthread_join(start_thread(read_all_kinds, pipe), NULL);
}

static void read_nothing(void *arg __maybe_unused)
{
	int pipe[2];

	stim__try(pipe2(pipe, O_CLOEXEC | O_NONBLOCK));
	read_from(pipe[0], 100, COUNTED);
	read_badly(pipe[0], pipe);
}

static int slow_pipe[2], empty; /* of the process whose threads read at once */

static void *wait_in_read(void *arg __maybe_unused)
{
	__atomic_store_n(&stage->reader, syscall(SYS_gettid), __ATOMIC_RELEASE);
	read_from(slow_pipe[0], 4096, COUNTED)->during = empty;
	return NULL;
}

/* One thread waits in read(). Meanwhile another one calls it, too, for 0 bytes, and not for the first
 * time: so the sums are the same on a kernel that misses the second return.
 */
static void read_at_once(void *arg __maybe_unused)
{
	pthread_t id;

	empty = stim__try(syscall(SYS_open, "/dev/null", O_RDONLY | O_CLOEXEC));
	read_from(empty, 100, COUNTED);
	stim__try(pipe2(slow_pipe, O_CLOEXEC));
	for (int i = 0; i < stage->primes[5]; i++) {
		id = start_thread(wait_in_read, NULL);
		wait_sem(&stage->asleep);
		read_from(empty, 100, COUNTED);
		feed(slow_pipe[1], 37 + i);
		pthread_join(id, NULL);
	}
}

/* Only this process looks whether the reader sleeps: to look is to read. */
static void run_at_once(struct stim *s)
{
	pid_t pid = stim__fork(s, read_at_once, NULL), tid;

	for (int i = 0; i < stage->primes[5]; i++) {
		while (!(tid = __atomic_exchange_n(&stage->reader, 0, __ATOMIC_ACQUIRE)))
			sched_yield();
		wait_for_call(pid, tid, SYS_read);
		stim__try(sem_post(&stage->asleep));
	}
	stim__wait(pid);
}

static void *read_once(void *arg)
{
	const int *pipe = arg;

	feed(pipe[1], 3);
	read_from(pipe[0], 100, COUNTED);
	read_from(-1, 10, COUNTED);
	return NULL;
}

static void read_in_many_threads(void *arg __maybe_unused)
{
	int pipe[2];

	stim__try(pipe2(pipe, O_CLOEXEC));
	for (int i = 0; i < MANY_THREADS; i++)
		pthread_join(start_thread(read_once, pipe), NULL);
}

static int signal_pipe[2];

static void read_interrupted(void *arg __maybe_unused)
{
	handle_signals();
	if (read_from(signal_pipe[0], 100, COUNTED)->ret != -EINTR)
		stim__fail("read: not interrupted");
	read_from(signal_pipe[0], 100, COUNTED);
}

static void run_interrupted(struct stim *s)
{
	pid_t pid;

	stim__try(pipe2(signal_pipe, O_CLOEXEC));
	pid = stim__fork(s, read_interrupted, NULL);
	interrupt(pid, SIGUSR1, SYS_read);
	interrupt(pid, SIGUSR2, SYS_read);
	feed(signal_pipe[1], 29);
	stim__wait(pid);
	add_restarted(pid, signal_pipe[0]);
}

static void *wait_for_byte(void *arg)
{
	char byte;

	__atomic_store_n(&stage->crowd[(intptr_t)arg], syscall(SYS_gettid), __ATOMIC_RELEASE);
	stim__try(syscall(SYS_read, stage->crowd_pipe[0], &byte, 1));
	return NULL;
}

/* The return that is missed is of a call without bytes: a tool that misses none prints the same. */
static void read_in_crowd(void *arg __maybe_unused)
{
	int pipe[2], empty[2];

	stim__try(pipe2(pipe, O_CLOEXEC));
	stim__try(pipe2(empty, O_CLOEXEC | O_NONBLOCK));
	feed(pipe[1], 31);
	read_from(pipe[0], 100, COUNTED);
	stim__try(sem_post(&stage->done));
	wait_sem(&stage->missing);
	read_from(empty[0], 100, RETURN_MISSED);
	stim__try(sem_post(&stage->done));
	wait_sem(&stage->seen);
	feed(pipe[1], 43);
	read_from(pipe[0], 100, COUNTED)->before = empty[0];
	feed(pipe[1], 47);
	read_from(pipe[0], 100, COUNTED);
}

static void run_crowded(struct stim *s)
{
	pid_t pid = stim__fork(s, read_in_crowd, NULL), crowd;

	stim__try(pipe2(stage->crowd_pipe, O_CLOEXEC));
	wait_sem(&stage->done);
	crowd = gather_crowd(s, wait_for_byte, SYS_read);
	stim__try(sem_post(&stage->missing));
	wait_sem(&stage->done);
	feed(stage->crowd_pipe[1], CROWD);
	stim__wait(crowd);
	stim__try(sem_post(&stage->seen));
	stim__wait(pid);
}

/* --- exercise: what a program adds up, the right one or one that makes a mistake --- */

struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool tid, asked, other_calls;
	enum { NOT_DURING = 1, LAST_FD } during; /* what becomes of reads that others overlapped */
	bool before;
	enum { NO_EMPTY, EMPTY, SIGNED, UNSIGNED } failures;
};

static const struct view views[] = {
	{ 0 },
	{ .sentence = "the PID column holds thread IDs: a process has one ID, its threads have one "
		      "each",
	  .tid = true },
	{ .sentence = "the sums are what read() was asked for: it may return fewer bytes",
	  .asked = true },
	{ .sentence = "pread64(), readv() and the like are added, too: they are calls of their own",
	  .other_calls = true },
	{ .sentence = "a read is missing when another thread of the process reads meanwhile: each "
		      "thread has a start of its own",
	  .during = NOT_DURING },
	{ .sentence = "bytes stand under the descriptor that another thread read meanwhile: each "
		      "thread has a start of its own",
	  .during = LAST_FD },
	{ .sentence =
		  "bytes stand under the descriptor of an earlier call, whose return was missed: "
		  "a new start replaces what is there",
	  .before = true },
	{ .sentence = "there are rows of 0 bytes: only calls that return bytes make a row",
	  .failures = EMPTY },
	{ .sentence = "failed calls are added, too: what they return is a negative error code",
	  .failures = SIGNED },
	{ .sentence =
		  "failed calls are added as four billion bytes each: the return value is signed",
	  .failures = UNSIGNED },
};

static int view__pid(const struct view *view, const struct call *call)
{
	return view->tid ? call->tid : call->pid;
}

static int view__fd(const struct view *view, const struct call *call)
{
	if (view->during == LAST_FD && call->during != NONE)
		return call->during;
	return view->before && call->before != NONE ? call->before : call->what;
}

/* Whether the call makes a row or adds to one. */
static bool view__has(const struct view *view, const struct call *call)
{
	if (call->how == RETURN_MISSED || (call->how == OTHER_CALL && !view->other_calls) ||
	    (view->during == NOT_DURING && call->during != NONE))
		return false;
	if (call->ret < 0)
		return view->failures == SIGNED || view->failures == UNSIGNED;
	return call->ret > 0 || view->failures == EMPTY || view->failures == SIGNED;
}

static uint64_t view__bytes(const struct view *view, const struct call *call)
{
	if (view->asked)
		return call->asked;
	return view->failures == UNSIGNED ? (uint32_t)call->ret : (uint64_t)call->ret;
}

static void view__rows(const struct view *view, struct stim *s)
{
	struct call *end = stage->call + stage->nr_calls;

	for (struct call *c = stage->call; c < end; c++) {
		uint64_t sum = 0;
		bool first = true;

		for (struct call *other = stage->call; other < end; other++) {
			if (!view__has(view, other) ||
			    view__pid(view, other) != view__pid(view, c) ||
			    view__fd(view, other) != view__fd(view, c))
				continue;
			first &= other >= c;
			sum += view__bytes(view, other);
		}
		if (view__has(view, c) && first)
			stim__row(s, "%d %u %llu", view__pid(view, c), view__fd(view, c),
				  (unsigned long long)sum);
	}
}

static void run_exercise(struct stim *s)
{
	void (*const workers[])(void *) = { read_nothing, read_files, read_in_many_threads };
	char path[64];
	int fd;

	make_stage(s);
	fd = stim__try(syscall(SYS_creat, in_folder("file", path), 0600));
	feed(fd, 150 + stage->primes[6]);
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++)
		stim__wait(stim__fork(s, workers[i], NULL));
	run_at_once(s);
	run_interrupted(s);
	run_crowded(s);
	for (int i = 0; i < stage->nr_calls; i++) {
		stim__own(s, stage->call[i].pid);
		if (stage->call[i].tid != stage->call[i].pid)
			stim__own(s, stage->call[i].tid);
	}
	for (size_t v = 0; v < ARRAY_SIZE(views); v++) {
		stim__mistake(s, views[v].sentence);
		view__rows(&views[v], s);
	}
	clear_stage();
}

const struct test_case pair = {
	.columns = "PID MODE RESULT COUNT",
	.own = "PID",
	.run = run_pair,
	.needs = {
		{ "program * section=ksyscall/openat *", "a program at the entry of openat()" },
		{ "program * section=kretsyscall/openat *", "a program at the return from openat()" },
		{ "map * type=hash key=8 *", "a hash map of the calls that have begun" },
	},
};

const struct test_case exercise = {
	.columns = "PID FD BYTES",
	.own = "PID",
	.run = run_exercise,
	.needs = {
		{ "program * section=ksyscall/read *",
		  "a program at the entry of read(), by its system call name (ksyscall)" },
		{ "program * section=kretsyscall/read *",
		  "a program at the return from read(), by its system call name (kretsyscall)" },
		{ "map * type=hash key=[48] *", "a hash map of the calls that have begun" },
		{ "call * bpf_map_delete_elem", "a call of bpf_map_delete_elem() when a read ends" },
	},
};
