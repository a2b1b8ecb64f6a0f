// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 03. Pair: openat() calls, by one user, that ask to write. Exercise: kill() calls and their
 * results, without the signal 0.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "harness.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open	      434
#endif

enum { UID = 40003, OTHER_UID = 40004, WORKERS = 5, MAX_STEPS = 32, MAX_PATH = 4096 };

/* Numbers of the same calls in a 32-bit program. */
enum { IA32_KILL = 37, IA32_OPENAT = 295 };

/* What the upper half of a register may hold, when the argument is an int. */
#define GARBAGE (0x5eedL << 32)

/* --- both cases --- */

/* What a worker does, one step after the other; the stimulus tells the rows. */
struct step {
	int kind;
	char comm[24]; /* the kernel keeps 15 bytes of it */
	pid_t tid;     /* of the thread made for this step, or 0 */
	/* the pair's */
	int flags;
	char path[MAX_PATH];
	/* the exercise's */
	int target, sig;
	long result;
};

struct worker {
	uid_t uid, euid;
	pid_t pid;
	int nr;
	bool ends_itself; /* by a signal */
	struct step step[MAX_STEPS];
	struct step racer[MAX_STEPS]; /* the second thread of a race */
};

static struct worker *workers; /* the workers note their threads' IDs there */

static void make_workers(void)
{
	size_t size = WORKERS * sizeof(*workers);

	workers = stim__try(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	memset(workers, 0, size);
}

/* A system call as a 32-bit program makes it; addresses have to be below 4 GiB. */
static int ia32_call(int nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"((long)nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void set_comm(const char *comm)
{
	stim__try(prctl(PR_SET_NAME, comm));
}

/* Runs fn(step) in a thread and waits for its end. */
static void run_thread(void *(*fn)(void *), struct step *step)
{
	pthread_t id;
	int err = pthread_create(&id, NULL, fn, step);

	if (err || pthread_join(id, NULL))
		stim__fail("pthread: %s", strerror(err));
}

static void start_step(struct step *step)
{
	step->tid = syscall(SYS_gettid);
	set_comm(step->comm);
}

/* A name: at least a byte, no blanks. */
static void pick_word(struct stim *s, char *word, size_t len)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789.,:;()[]<>#-_%";

	for (size_t i = 0; i < len; i++)
		word[i] = chars[stim__rand(s, sizeof(chars) - 1)];
	word[len] = '\0';
}

/* A worker does each kind of step once, in an order of its own, and goes on to a prime number. */
static void plan_kinds(struct stim *s, struct worker *w, int nr_kinds)
{
	static const int primes[] = { 17, 19, 23, 29, 31 };
	int first = stim__rand(s, nr_kinds);

	w->nr = primes[stim__rand(s, ARRAY_SIZE(primes))];
	for (int i = 0; i < w->nr; i++)
		w->step[i].kind = (first + i) % nr_kinds;
}

static void own_thread(struct stim *s, const struct worker *w, const struct step *step)
{
	if (step->tid && step->tid != w->pid)
		stim__own(s, step->tid);
}

static void run_worker(struct stim *s, struct worker *w, void (*fn)(void *))
{
	int status;

	w->pid = stim__fork(s, fn, w);
	stim__try(waitpid(w->pid, &status, 0));
	if (status != (w->ends_itself ? SIGKILL : 0))
		stim__fail("process %d: wait status %x", w->pid, status);
	stim__own(s, w->pid);
	for (int i = 0; i < w->nr; i++) {
		own_thread(s, w, &w->step[i]);
		own_thread(s, w, &w->racer[i]);
	}
}

/* --- pair: openat() calls --- */

enum {
	OPEN,
	OPEN_THREAD,
	OPEN_LONG,
	OPEN_UNREADABLE,
	OPEN_ABSENT,  /* the path is in a page that is not there yet */
	OPEN_GARBAGE, /* in the upper half of the flags' register */
	OPEN_READ,    /* does not ask to write */
	OPEN_OTHER,   /* other calls that open files */
	NR_OPENS
};

static void close_good(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* A relative path leads nowhere, so that no file comes into being. */
static void open_path(const char *path, long flags)
{
	close_good(syscall(SYS_openat, *path == '/' ? AT_FDCWD : -1, path, flags, 0));
}

/* BPF reads a caller's memory only where it is present: the bytes are written right before. */
static void open_step(const struct step *step, long garbage)
{
	static _Thread_local char present[MAX_PATH];

	memcpy(present, step->path, strlen(step->path) + 1);
	open_path(present, (unsigned)step->flags | garbage);
}

static void *open_in_thread(void *arg)
{
	start_step(arg);
	open_step(arg, 0);
	return NULL;
}

/* The path is in the file's memory, not yet in the process's. */
static void open_absent(const struct step *step)
{
	int fd = stim__try(memfd_create("path", MFD_CLOEXEC));
	char *path;

	stim__try(write(fd, step->path, strlen(step->path) + 1));
	path = stim__try(mmap(NULL, MAX_PATH, PROT_READ, MAP_PRIVATE, fd, 0));
	close_good(syscall(SYS_openat, -1, path, step->flags, 0));
	munmap(path, MAX_PATH);
	close(fd);
}

/* None of these is openat(), and a 32-bit program's openat() is another one. */
static void open_otherwise(void)
{
	struct open_how how = { .flags = O_RDWR };
	char *null = stim__try(mmap(NULL, MAX_PATH, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));

	strcpy(null, "/dev/null");
	close(stim__try(syscall(SYS_open, null, O_RDWR)));
	close(stim__try(syscall(SYS_creat, null, 0600)));
	close(stim__try(syscall(SYS_openat2, AT_FDCWD, null, &how, sizeof(how))));
	if (ia32_call(IA32_OPENAT, AT_FDCWD, (long)null, O_RDWR) < 0)
		stim__fail("openat() of a 32-bit program failed");
	munmap(null, MAX_PATH);
}

static void make_opens(void *arg)
{
	struct worker *w = arg;

	stim__try(setresuid(w->uid, w->euid, 0));
	for (int i = 0; i < w->nr; i++) {
		struct step *step = &w->step[i];

		if (step->kind == OPEN_THREAD) {
			run_thread(open_in_thread, step);
			continue;
		}
		start_step(step);
		if (step->kind == OPEN_UNREADABLE)
			close_good(syscall(SYS_openat, AT_FDCWD, 8L, step->flags, 0));
		else if (step->kind == OPEN_ABSENT)
			open_absent(step);
		else if (step->kind == OPEN_OTHER)
			open_otherwise();
		else
			open_step(step, step->kind == OPEN_GARBAGE ? GARBAGE : 0);
	}
}

static void pick_path(struct stim *s, char *path)
{
	static const char *const fixed[] = { "/dev/null", "", "/", "a b  c", "/no/where/%s%n" };
	size_t i = stim__rand(s, 2 * ARRAY_SIZE(fixed));

	if (i < ARRAY_SIZE(fixed))
		strcpy(path, fixed[i]);
	else
		pick_word(s, path, 1 + stim__rand(s, 80));
}

static void plan_opens(struct stim *s, struct worker *w)
{
	static const int flags[] = {
		O_WRONLY,
		O_RDWR,
		O_WRONLY | O_CREAT | O_TRUNC,
		O_RDWR | O_APPEND | O_CLOEXEC,
		O_ACCMODE,
		O_RDWR | (int)0x80000000,
	};

	plan_kinds(s, w, NR_OPENS);
	for (int i = 0; i < w->nr; i++) {
		struct step *step = &w->step[i];

		pick_word(s, step->comm, 1 + stim__rand(s, 20));
		step->flags = flags[stim__rand(s, ARRAY_SIZE(flags))];
		if (step->kind == OPEN_READ)
			step->flags = (step->flags & ~O_ACCMODE) | O_RDONLY;
		if (step->kind == OPEN_LONG)
			pick_word(s, step->path, 254 + stim__rand(s, 3000));
		else
			pick_path(s, step->path);
	}
}

static void tell_opens(struct stim *s, const struct worker *w)
{
	for (int i = 0; i < w->nr; i++) {
		const struct step *step = &w->step[i];
		bool no_path = step->kind == OPEN_UNREADABLE || step->kind == OPEN_ABSENT;
		const char *path = no_path ? "" : step->path;

		if (step->kind == OPEN_OTHER || step->kind == OPEN_READ)
			continue;
		stim__row(s, "%d %.15s %08o %.255s", w->pid, step->comm, step->flags, path);
		stim__mistake(s, "the PID column holds thread IDs: the process's is the upper half "
				 "of bpf_get_current_pid_tgid()");
		stim__row(s, "%d %.15s %08o %.255s", step->tid, step->comm, step->flags, path);
		stim__mistake(s, NULL);
	}
}

static void set_up_opens(struct stim *s)
{
	static const char *const tools[] = { "bcc", "libbpf" };

	make_workers();
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		stim__arg(s, tools[i], "--uid=%d", UID);
		stim__arg(s, tools[i], "--writers");
	}
}

static void run_opens(struct stim *s)
{
	/* A process belongs to its real user, whomever it may act for. */
	static const uid_t uids[WORKERS][2] = {
		{ UID, UID }, { UID, 0 }, { 0, 0 }, { OTHER_UID, OTHER_UID }, { 0, UID },
	};

	for (int i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		w->uid = uids[i][0];
		w->euid = uids[i][1];
		plan_opens(s, w);
		run_worker(s, w, make_opens);
		if (w->uid == UID)
			tell_opens(s, w);
	}
}

const struct test_case pair = {
	.columns = "PID COMM FLAGS PATH",
	.own = "PID",
	.ordered = true,
	.setup = set_up_opens,
	.run = run_opens,
	.needs = {
		{ "program * section=tp/syscalls/sys_enter_openat type=tracepoint *",
		  "a program at the tracepoint syscalls:sys_enter_openat" },
		{ "relocation * byte_off trace_event_raw_sys_enter.args",
		  "arguments from the typed context" },
		{ "variable .rodata targ_uid 4", "a constant \"targ_uid\"" },
		{ "variable .rodata writers_only 1", "a constant \"writers_only\"" },
	},
};

/* --- exercise: kill() calls --- */

enum {
	KILL,
	KILL_THREAD,  /* by a thread, and the target is the thread's own ID */
	KILL_GROUP,   /* a negative target, or 0 for the own one */
	KILL_NOBODY,  /* ESRCH */
	KILL_ROOT,    /* EPERM for a user */
	KILL_INVALID, /* EINVAL */
	KILL_GARBAGE, /* in the upper halves of the registers */
	KILL_PROBE,   /* signal 0, without and with garbage */
	KILL_OTHER,   /* other calls that send signals */
	KILL_SECCOMP, /* a call, and more of them that a filter refuses: those have no entry */
	KILL_RACE,    /* two threads at once, where the kernel lets them */
	NR_KILLS,
	KILL_SELF, /* the worker's end: the call returns, though to nobody */
};

enum { RACE_SIGNAL = SIGUSR2, NR_FILTERED = 3, NOBODY = 0x3fffffff };

static bool preempts; /* the kernel runs a thread that wakes up before the call that woke it ends */

/* Ignored by the stimulus and its children. */
static const int harmless[] = { SIGURG, SIGWINCH, SIGUSR1, SIGHUP, SIGTRAP, 40, 64 };

static pid_t own_tid(void)
{
	return syscall(SYS_gettid);
}

static void send(const struct step *step, long garbage)
{
	long ret =
		syscall(SYS_kill, (unsigned)step->target | garbage, (unsigned)step->sig | garbage);

	ret = ret ? -errno : 0;
	if (ret != step->result)
		stim__fail("kill(%d, %d): %ld instead of %ld", step->target, step->sig, ret,
			   step->result);
}

static void *send_in_thread(void *arg)
{
	struct step *step = arg;

	start_step(step);
	step->target = step->tid;
	send(step, 0);
	return NULL;
}

static void probe(const struct step *step)
{
	const struct step none = { .target = step->target };

	send(&none, 0);
	send(&none, GARBAGE);
}

/* None of these is kill(), and a 32-bit program's kill() is another one. */
static void send_otherwise(int sig)
{
	pid_t pid = getpid();
	siginfo_t info = { .si_code = SI_QUEUE };
	int fd = stim__try(syscall(SYS_pidfd_open, pid, 0));

	stim__try(syscall(SYS_tkill, own_tid(), sig));
	stim__try(syscall(SYS_tgkill, pid, own_tid(), sig));
	stim__try(syscall(SYS_rt_sigqueueinfo, pid, sig, &info));
	stim__try(syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0));
	close(fd);
	if (ia32_call(IA32_KILL, pid, sig, 0))
		stim__fail("kill() of a 32-bit program failed");
}

/* The filter is this thread's alone. It says EPERM, and the kernel does not come to sys_enter. */
static void *send_filtered(void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(code), code };

	start_step(arg);
	send(arg, 0);
	stim__try(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	stim__try(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0));
	for (int i = 0; i < NR_FILTERED; i++)
		if (syscall(SYS_kill, 1, SIGURG) != -1 || errno != EPERM)
			stim__fail("kill: the filter let it pass");
	return NULL;
}

/* Waits for a signal to its process, and is so urgent that it runs at once: on one processor, before
 * the sender has left kill(). Then it calls kill() itself.
 */
static void *race_in_thread(void *arg)
{
	struct sched_param urgent = { .sched_priority = 1 };
	struct step *step = arg;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, RACE_SIGNAL);
	set_comm(step->comm);
	stim__try(sched_setscheduler(0, SCHED_FIFO, &urgent));
	__atomic_store_n(&step->tid, own_tid(), __ATOMIC_RELEASE);
	stim__try(sigwaitinfo(&set, NULL));
	send(step, 0);
	return NULL;
}

static void race(struct step *step, struct step *racer)
{
	pthread_t id;
	int err = pthread_create(&id, NULL, race_in_thread, racer);

	while (!err && !__atomic_load_n(&racer->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	send(step, 0);
	if (err || pthread_join(id, NULL))
		stim__fail("pthread: %s", strerror(err));
}

/* What the plan could not know; until now, `target` is one of three choices. */
static void aim(const struct worker *w, struct step *step)
{
	static const int nobody[] = { INT_MIN, NOBODY, -NOBODY };
	int choice = step->target;

	step->target = getpid();
	if (step->kind == KILL_GROUP)
		step->target = choice ? -getpid() : 0;
	if (step->kind == KILL_NOBODY) {
		step->target = nobody[choice];
		step->result = -ESRCH;
	}
	if (step->kind == KILL_ROOT) {
		step->target = getppid();
		step->result = w->uid && w->euid ? -EPERM : 0;
	}
	if (step->kind == KILL_INVALID)
		step->result = -EINVAL;
}

static void take_step(struct step *step, struct step *racer)
{
	switch (step->kind) {
	case KILL_THREAD:
		run_thread(send_in_thread, step);
		return;
	case KILL_SECCOMP:
		run_thread(send_filtered, step);
		return;
	}
	start_step(step);
	switch (step->kind) {
	case KILL_GARBAGE:
		send(step, GARBAGE);
		break;
	case KILL_PROBE:
		probe(step);
		break;
	case KILL_OTHER:
		send_otherwise(step->sig);
		break;
	case KILL_RACE:
		race(step, racer);
		break;
	default:
		send(step, 0);
	}
}

static void make_kills(void *arg)
{
	struct rlimit one = { 1, 1 };
	struct worker *w = arg;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, RACE_SIGNAL);
	stim__try(sigprocmask(SIG_BLOCK, &set, NULL));
	stim__try(setpgid(0, 0));
	stim__try(setrlimit(RLIMIT_RTPRIO, &one));
	stim__try(setresuid(w->uid, w->euid, 0));
	for (int i = 0; i < w->nr; i++) {
		aim(w, &w->step[i]);
		take_step(&w->step[i], &w->racer[i]);
	}
}

/* A name with blanks, none, or one that the kernel cuts. */
static void pick_comm(struct stim *s, char *comm)
{
	static const char *const fixed[] = { "", "fifteen letters", "a b  c", "%s%n" };
	size_t i = stim__rand(s, 2 * ARRAY_SIZE(fixed));

	if (i < ARRAY_SIZE(fixed))
		strcpy(comm, fixed[i]);
	else
		pick_word(s, comm, 1 + stim__rand(s, 20));
}

static void plan_kills(struct stim *s, struct worker *w)
{
	static const int invalid[] = { -1, 65, 1 << 30 };

	plan_kinds(s, w, NR_KILLS);
	for (int i = 0; i < w->nr; i++) {
		struct step *step = &w->step[i], *racer = &w->racer[i];

		pick_comm(s, step->comm);
		step->target = stim__rand(s, 3);
		step->sig = harmless[stim__rand(s, ARRAY_SIZE(harmless))];
		if (step->kind == KILL_INVALID)
			step->sig = invalid[stim__rand(s, ARRAY_SIZE(invalid))];
		if (step->kind != KILL_RACE)
			continue;
		step->sig = RACE_SIGNAL;
		pick_comm(s, racer->comm);
		racer->sig = harmless[stim__rand(s, ARRAY_SIZE(harmless))];
		racer->target = NOBODY;
		racer->result = -ESRCH;
	}
	if (w->ends_itself) {
		w->step[w->nr - 1].kind = KILL_SELF;
		w->step[w->nr - 1].sig = SIGKILL;
	}
}

/* What a program shows: the right rows, or those of one that makes a mistake. */
static const struct view {
	const char *sentence; /* NULL: the truth */
	bool tid, only_good, probes, probes_with_garbage, stale, by_process;
} views[] = {
	{ .sentence = NULL },
	{ .sentence = "the PID column holds thread IDs: the process's is the upper half of "
		      "bpf_get_current_pid_tgid()",
	  .tid = true },
	{ .sentence = "calls that fail are missing: RESULT is their error", .only_good = true },
	{ .sentence = "calls with signal 0 are shown in spite of --ignore=0: 0 is a signal like "
		      "others, it cannot mean that there is no filter",
	  .probes = true },
	{ .sentence = "some calls with signal 0 are shown in spite of --ignore=0: the argument is "
		      "an int, what the register's upper half holds is not part of it",
	  .probes_with_garbage = true },
	{ .sentence = "calls are shown again at the exits of others, which have no entry: an entry "
		      "is good for one exit, so delete it there",
	  .stale = true },
	{ .sentence = "calls are missing while another thread of the process is in kill(), too: "
		      "an exit belongs to the entry of the same thread, not process",
	  .by_process = true },
};

static void tell(struct stim *s, const struct view *v, const struct worker *w,
		 const struct step *step)
{
	if (!v->only_good || !step->result)
		stim__row(s, "%d %d %d %ld %.15s", v->tid ? step->tid : w->pid, step->sig,
			  step->target, step->result, step->comm);
}

/* `last`: what a program that deletes nothing remembers of the thread. */
static void tell_probes(struct stim *s, const struct view *v, const struct worker *w,
			const struct step *step, const struct step *last)
{
	struct step row = *step;
	int n = v->probes ? 2 : v->probes_with_garbage ? 1 : 0;

	row.sig = 0;
	if (v->stale && last) {
		n = 2;
		row.sig = last->sig;
		row.target = last->target;
	}
	while (n--)
		tell(s, v, w, &row);
}

static void tell_filtered(struct stim *s, const struct view *v, const struct worker *w,
			  const struct step *step)
{
	struct step row = *step;

	tell(s, v, w, step);
	row.result = -EPERM;
	for (int i = 0; v->stale && i < NR_FILTERED; i++)
		tell(s, v, w, &row);
}

static void tell_kills(struct stim *s, const struct view *v, const struct worker *w)
{
	const struct step *last = NULL;

	for (int i = 0; i < w->nr; i++) {
		const struct step *step = &w->step[i];

		if (step->kind == KILL_PROBE) {
			tell_probes(s, v, w, step, last);
		} else if (step->kind == KILL_SECCOMP) {
			tell_filtered(s, v, w, step);
		} else if (step->kind == KILL_RACE) {
			if (!v->by_process)
				tell(s, v, w, step);
			tell(s, v, w, &w->racer[i]);
		} else if (step->kind != KILL_OTHER) {
			tell(s, v, w, step);
		}
		if (step->tid == w->pid && step->kind != KILL_PROBE && step->kind != KILL_OTHER)
			last = step;
	}
}

/* Some kernels run an urgent thread in the middle of another one's call, if they are asked to; in
 * the guest only, as it is for all. 5.10 does not.
 */
static bool make_preemptible(void)
{
	bool done = false;
	FILE *f;

	if (getppid() != 1)
		return false;
	f = fopen("/sys/kernel/debug/sched/preempt", "we");
	if (f) {
		fputs("full", f);
		done = !fclose(f);
	}
	return done;
}

static void set_up_kills(struct stim *s)
{
	make_workers();
	preempts = make_preemptible();
	stim__arg(s, "bcc", "--ignore=0");
	stim__arg(s, "libbpf", "--ignore=0");
}

static void run_kills(struct stim *s)
{
	static const uid_t uids[WORKERS][2] = {
		{ UID, UID }, { UID, 0 }, { 0, 0 }, { OTHER_UID, OTHER_UID }, { 0, UID },
	};
	int suicide = stim__rand(s, WORKERS);

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		signal(harmless[i], SIG_IGN);
	for (int i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		w->uid = uids[i][0];
		w->euid = uids[i][1];
		w->ends_itself = i == suicide;
		plan_kills(s, w);
		run_worker(s, w, make_kills);
	}
	for (const struct view *v = views; v < views + ARRAY_SIZE(views); v++) {
		if (v->by_process && !preempts)
			continue;
		stim__mistake(s, v->sentence);
		for (int i = 0; i < WORKERS; i++)
			tell_kills(s, v, &workers[i]);
	}
}

const struct test_case exercise = {
	.columns = "PID SIG TARGET RESULT COMM",
	.own = "PID",
	.setup = set_up_kills,
	.run = run_kills,
	.needs = {
		{ "program * section=t*p*/syscalls/sys_enter_kill *",
		  "a program at the tracepoint syscalls:sys_enter_kill" },
		{ "program * section=t*p*/syscalls/sys_exit_kill *",
		  "a program at the tracepoint syscalls:sys_exit_kill" },
		{ "relocation * byte_off *s*_enter.args",
		  "the arguments, read from struct trace_event_raw_sys_enter" },
		{ "relocation * byte_off *s*_exit.ret",
		  "the result, read from struct trace_event_raw_sys_exit" },
		{ "map * type=hash *", "a hash map that keeps what the entry knows" },
		{ "variable .rodata *", "a constant in .rodata that the filter looks at" },
	},
};
