// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 10. Pair: programs that processes begin to run. Exercise: processes that end. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "harness.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/* --- the program that is executed: this one, under many names --- */

enum { REPORT_FD = 150, DIR_FD, FILE_FD, COMM_LEN = 16 };

/* What only the program itself knows for sure: by which name the kernel calls it. */
struct report {
	pid_t pid;
	char comm[COMM_LEN];
};

static char env_report[] = "STIMULUS_PROGRAM=report", env_chain[] = "STIMULUS_PROGRAM=chain",
	    env_exit[] = "STIMULUS_PROGRAM=exit";
static char *const env_of_report[] = { env_report, NULL };
static char *const env_of_chain[] = { env_chain, NULL };
static char *const env_of_exit[] = { env_exit, NULL };

/* "exit": ends with the number that is its only argument. "report": tells who it is. "chain": so too,
 * then executes itself without the first of its arguments, as long as two are left.
 */
static void __attribute__((constructor)) be_program(int argc, char **argv, char **envp)
{
	struct report report = { .pid = getpid() };

	if (!envp[0] || envp[1] || strncmp(envp[0], "STIMULUS_PROGRAM=", 17))
		return;
	if (!strcmp(envp[0], env_exit))
		_exit(atoi(argv[1]));
	prctl(PR_GET_NAME, report.comm);
	if (write(REPORT_FD, &report, sizeof(report)) != sizeof(report))
		_exit(1);
	if (!strcmp(envp[0], env_chain) && argc > 1)
		execve("/proc/self/exe", argv + 1, envp);
	_exit(0);
}

static char folder[] = "/tmp/exec-tracer.XXXXXX";
static char program[64]; /* this program's copy in the folder, which every user may execute */

static void copy_program(void)
{
	int from = stim__try(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), to;
	static char chunk[65536];
	ssize_t n;

	if (!mkdtemp(folder))
		stim__fail("%s: %s", folder, strerror(errno));
	stim__try(chmod(folder, 0755));
	snprintf(program, sizeof(program), "%s/program", folder);
	to = stim__try(open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	while ((n = stim__try(read(from, chunk, sizeof(chunk)))))
		if (write(to, chunk, n) != n)
			stim__fail("%s: cannot be written", program);
	stim__try(fchmod(to, 0755));
	close(from);
	close(to);
}

static void remove_folder(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(folder);
}

/* --- both cases --- */

static pthread_t start_thread(void *(*fn)(void *), void *arg)
{
	pthread_t id;
	int err = pthread_create(&id, NULL, fn, arg);

	if (err)
		stim__fail("pthread_create: %s", strerror(err));
	return id;
}

static void *zeroed(size_t size)
{
	return stim__try(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

/* --- pair: what is executed, and how --- */

enum how {
	PLAIN,
	VFORKED,
	BY_THREAD,	  /* a thread that is not the first one of its process */
	FORKED_BY_THREAD, /* of the stimulus */
	ORPHAN,		  /* its parent has died before */
	FD,		  /* execveat() of an open file */
	FD_FOLDER,	  /* execveat() of a name in an open folder */
	SCRIPT,
	CHAIN, /* a program that executes another one */
	NEVER, /* all of its calls fail */
	NR_HOW,
};

enum { MAX_ARGS = 24, MAX_PATH = 400, ROOM = 2048, NR_LAUNCHES = 23 };
enum { FILENAME_LEN = 128, ARGS_LEN = 256 }; /* what the tools show at most */

struct launch {
	enum how how;
	bool tries;	 /* calls that fail come first, as in a search through PATH */
	uid_t uid, euid; /* 0: stays root */
	char path[MAX_PATH];
	char text[ROOM]; /* the arguments, a NUL behind each */
	char *argv[MAX_ARGS + 1];
	int argc;
	int report[2]; /* a pipe */
	struct stim *stim;
	pid_t pid, tid; /* of the parent: its process and its thread */
};

static const char odd_in_names[] = "0123456789.,:;()[]<>#-_ \n\x1b\xc3",
		  odd_in_args[] = "/= \n\x1b\t\xff";

/* Letters, and here and there an odd character, but neither first nor last. */
static void pick_text(struct stim *stim, char *text, size_t len, const char *odd)
{
	for (size_t i = 0; i < len; i++) {
		text[i] = 'a' + stim__rand(stim, 26);
		if (i && i + 1 < len && !stim__rand(stim, 6))
			text[i] = odd[stim__rand(stim, strlen(odd))];
	}
	text[len] = '\0';
}

static void add_arg(struct launch *l, const char *arg)
{
	char *end = l->argc ? l->argv[l->argc - 1] + strlen(l->argv[l->argc - 1]) + 1 : l->text;

	l->argv[l->argc++] = strcpy(end, arg);
	l->argv[l->argc] = NULL;
}

/* All the arguments as the kernel keeps them, of a script too. Returns their size. */
static size_t kept_args(const struct launch *l, int first, char *to)
{
	const char *begin[] = { program, "-e x", l->path };
	size_t size = 0;

	for (size_t i = 0; l->how == SCRIPT && i < ARRAY_SIZE(begin); i++)
		size += strlen(strcpy(to + size, begin[i])) + 1;
	for (int i = first + (l->how == SCRIPT); i < l->argc; i++)
		size += strlen(strcpy(to + size, l->argv[i])) + 1;
	return size;
}

/* Arguments of all kinds; how many bytes they have is what matters for some. */
static void pick_args(struct stim *stim, struct launch *l, int kind)
{
	static const char *const fixed[] = { "", "-c", "a  b", "caf\xc3\xa9", "\x1b[2J", "x=\n1" };
	char arg[ROOM], *kept = arg;
	int nr = 1 + stim__rand(stim, 5);

	if (kind == 0)
		return;
	pick_text(stim, arg, 1 + stim__rand(stim, 12), odd_in_names);
	add_arg(l, arg);
	while (nr--) {
		size_t i = stim__rand(stim, 2 * ARRAY_SIZE(fixed));

		if (i < ARRAY_SIZE(fixed))
			strcpy(arg, fixed[i]);
		else
			pick_text(stim, arg, 1 + stim__rand(stim, 20), odd_in_args);
		add_arg(l, arg);
	}
	if (kind > 2)
		return;
	/* Exactly as many as fit, one more, or many more. */
	nr = ARGS_LEN - kept_args(l, 0, kept) - 1;
	nr += kind == 1 ? stim__rand(stim, 2) : 2 + stim__rand(stim, 1000);
	if (nr > 0) {
		pick_text(stim, arg, nr, odd_in_args);
		add_arg(l, arg);
	}
}

/* A name of its own for the program; some are too long for column FILENAME, others barely not. */
static void pick_path(struct stim *stim, struct launch *l, int i)
{
	size_t len = sprintf(l->path, "%s/%d", folder, i), more = 1 + stim__rand(stim, 12);

	if (i % 5 == 1)
		more = FILENAME_LEN - 2 + stim__rand(stim, 4) - len;
	else if (i % 5 == 2)
		more = 200;
	pick_text(stim, l->path + len, more, odd_in_names);
}

static void plan_launch(struct stim *stim, struct launch *l, int i)
{
	l->how = i % NR_HOW;
	l->stim = stim;
	l->tries = stim__rand(stim, 2);
	if (stim__rand(stim, 2)) {
		l->uid = 40010 + stim__rand(stim, 100);
		l->euid = stim__rand(stim, 2) ? l->uid : 40200 + stim__rand(stim, 100);
	}
	pick_path(stim, l, i);
	/* A chain has arguments, else it would have only one link. */
	pick_args(stim, l, l->how == CHAIN ? 3 : (i + i / NR_HOW) % 7);
	if (l->how == FD || l->how == FD_FOLDER)
		l->tries = false;
}

static void write_script(const struct launch *l)
{
	int fd = stim__try(open(l->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));

	if (dprintf(fd, "#!%s -e x\nexit 1\n", program) < 0)
		stim__fail("%s: cannot be written", l->path);
	stim__try(fchmod(fd, 0755));
	close(fd);
}

static void make_file(const struct launch *l)
{
	if (l->how == SCRIPT)
		write_script(l);
	else
		stim__try(symlink(program, l->path));
}

/* --- pair: doing it --- */

/* Nothing of this begins to run: no such file, no permission, no interpreter, a loop, no program. */
static void fail_to_execute(const struct launch *l)
{
	static const char *const names[] = { "nothing", "plain", "orphan", "loop", "empty", "." };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		if (execve(path, l->argv, env_of_report) != -1)
			stim__fail("%s: executed", path);
	}
	syscall(SYS_execveat, -1, "nothing", l->argv, env_of_report, 0);
}

static void make_failures(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/plain", folder);
	close(stim__try(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)));
	snprintf(path, sizeof(path), "%s/empty", folder);
	close(stim__try(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755)));
	snprintf(path, sizeof(path), "%s/orphan", folder);
	fd = stim__try(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	dprintf(fd, "#!%s/nothing\n", folder);
	close(fd);
	snprintf(path, sizeof(path), "%s/loop", folder);
	stim__try(symlink(path, path));
}

static void execute(const struct launch *l)
{
	char *const *env = l->how == CHAIN ? env_of_chain : env_of_report;
	char *const *argv = l->argv;

	if (l->uid)
		stim__try(syscall(SYS_setresuid, l->uid, l->euid, l->euid));
	if (l->tries)
		fail_to_execute(l);
	if (l->how == FD)
		syscall(SYS_execveat, FILE_FD, "", argv, env, AT_EMPTY_PATH);
	else if (l->how == FD_FOLDER)
		syscall(SYS_execveat, DIR_FD, l->path + strlen(folder) + 1, argv, env, 0);
	else
		execve(l->path, argv, env);
	stim__fail("%s: %s", l->path, strerror(errno));
}

static void *execute_in_thread(void *arg)
{
	execute(arg);
	return NULL;
}

static void launched(void *arg)
{
	struct launch *l = arg;

	stim__try(dup2(l->report[1], REPORT_FD));
	if (l->how == FD)
		stim__try(dup2(stim__try(open(l->path, O_PATH | O_CLOEXEC)), FILE_FD));
	if (l->how == FD_FOLDER)
		stim__try(dup2(stim__try(open(folder, O_PATH | O_CLOEXEC)), DIR_FD));
	if (l->how == NEVER) {
		fail_to_execute(l);
		_exit(0);
	}
	if (l->how == BY_THREAD)
		pthread_join(start_thread(execute_in_thread, l), NULL);
	execute(l);
}

/* Waits until its parent is gone and the stimulus, a subreaper, has become its parent. */
static void orphan(struct launch *l, pid_t middle, pid_t heir)
{
	stim__try(prctl(PR_SET_PDEATHSIG, 0));
	while (getppid() == middle)
		sched_yield();
	if (getppid() != heir)
		stim__fail("an orphan went to process %d", getppid());
	launched(l);
}

static void middle(void *arg)
{
	pid_t self = getpid(), heir = getppid();

	if (!stim__try(fork()))
		orphan(arg, self, heir);
}

static void *launch(void *arg)
{
	struct launch *l = arg;

	l->tid = syscall(SYS_gettid);
	if (l->how == ORPHAN) {
		stim__wait(stim__fork(l->stim, middle, l));
	} else if (l->how == VFORKED) {
		l->pid = stim__try(vfork());
		if (!l->pid)
			launched(l);
	} else {
		l->pid = stim__fork(l->stim, launched, l);
	}
	stim__try(close(l->report[1]));
	if (l->how != ORPHAN)
		stim__wait(l->pid);
	return NULL;
}

/* --- pair: what must be seen of it --- */

/* The truth and the mistakes differ in what they show of a program. */
static const struct view {
	const char *sentence;
	bool effective, parent_tid, one_arg;
} views[] = {
	{ .sentence = NULL },
	{ .sentence = "UID is the effective user's: bpf_get_current_uid_gid() gives the real one, "
		      "who started the program",
	  .effective = true },
	{ .sentence =
		  "PPID is the ID of the thread that forked: a process's ID is called `tgid` in "
		  "the kernel, `pid` is a thread's",
	  .parent_tid = true },
	{ .sentence = "ARGS ends with the first argument: each one has a NUL behind it",
	  .one_arg = true },
};

static void clean(char *to, const char *from, size_t len)
{
	for (; len--; from++)
		*to++ = *from >= ' ' && *from <= '~' ? *from : *from ? '?' : ' ';
	*to = '\0';
}

static void show_args(const struct view *v, const struct launch *l, int link, char *shown)
{
	char kept[ROOM];
	size_t size = kept_args(l, link, kept), len = size > ARGS_LEN ? ARGS_LEN : size;

	if (v->one_arg)
		len = size ? strnlen(kept, ARGS_LEN) : 0;
	clean(shown, kept, len);
	if (size > ARGS_LEN)
		strcat(shown, "...");
}

/* The kernel has names for files that it was not given the path of. */
static void show_filename(const struct launch *l, int link, char *shown)
{
	char name[MAX_PATH + 32];

	if (link)
		strcpy(name, "/proc/self/exe");
	else if (l->how == FD)
		sprintf(name, "/dev/fd/%d", FILE_FD);
	else if (l->how == FD_FOLDER)
		sprintf(name, "/dev/fd/%d%s", DIR_FD, l->path + strlen(folder));
	else
		strcpy(name, l->path);
	clean(shown, name, strnlen(name, FILENAME_LEN - 1));
}

static void tell(struct stim *stim, const struct launch *l, int link, const struct report *r)
{
	char comm[COMM_LEN], filename[FILENAME_LEN], args[ARGS_LEN + 8];

	clean(comm, r->comm, strlen(r->comm));
	show_filename(l, link, filename);
	for (const struct view *v = views; v < views + ARRAY_SIZE(views); v++) {
		stim__mistake(stim, v->sentence);
		show_args(v, l, link, args);
		/* As wide as tools print them: blanks in names move words into the last column, where blanks count. */
		stim__row(stim, "%d %d %d %-15s %-23s %s", r->pid,
			  v->parent_tid ? l->tid : getpid(), v->effective ? l->euid : l->uid, comm,
			  filename, args);
	}
	stim__mistake(stim, NULL);
}

static void tell_reports(struct stim *stim, struct launch *l)
{
	struct report r = { .pid = l->pid };
	int link = 0;

	while (stim__try(read(l->report[0], &r, sizeof(r))) == sizeof(r)) {
		if (l->how == ORPHAN)
			stim__wait(r.pid);
		else if (r.pid != l->pid)
			stim__fail("%s: executed by process %d", l->path, r.pid);
		tell(stim, l, link++, &r);
	}
	if (link != (l->how == NEVER ? 0 : l->how == CHAIN ? l->argc : 1))
		stim__fail("%s: %d programs ran", l->path, link);
	stim__own(stim, r.pid);
	close(l->report[0]);
}

static void setup_pair(struct stim *stim __maybe_unused)
{
	copy_program();
	make_failures();
}

static void run_pair(struct stim *stim)
{
	static struct launch launches[NR_LAUNCHES];

	stim__try(prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (int i = 0; i < NR_LAUNCHES; i++) {
		struct launch *l = &launches[i];

		plan_launch(stim, l, i);
		make_file(l);
		stim__try(pipe2(l->report, O_CLOEXEC));
		if (l->how == FORKED_BY_THREAD)
			pthread_join(start_thread(launch, l), NULL);
		else
			launch(l);
		tell_reports(stim, l);
	}
	remove_folder();
}

const struct test_case pair = {
	.columns = "PID PPID UID COMM FILENAME ARGS",
	.own = "PID",
	.ordered = true,
	.setup = setup_pair,
	.run = run_pair,
	.needs = {
		{ "program * section=*/sched_process_exec *", "a program at sched_process_exec" },
		{ "relocation * byte_off task_struct.real_parent", "a CO-RE read of the parent" },
		{ "relocation * byte_off mm_struct.*arg_start", "a CO-RE read of `arg_start`" },
		{ "call * bpf_probe_read_user", "a read of the process's memory" },
		{ "call * bpf_probe_read_kernel_str", "a read of the record's string" },
		{ "variable .bss lost *", "a global variable \"lost\" that counts" },
	},
};

/* --- exercise: how processes end --- */

enum scene {
	EXITS,
	EXITS_ALONE, /* exit(), the system call, which ends a thread: here the only one */
	KILLED,
	DUMPS,
	MAY_NOT_DUMP,
	JOINS,	       /* its other thread has ended before */
	THREAD_EXITS,  /* one of the others calls exit_group() */
	THREAD_DUMPS,  /* one of the others is killed */
	THREAD_EXECS,  /* one of the others executes a program, which ends */
	LEADER_FIRST,  /* the first thread ends, and later the other one */
	LEADER_EXITS,  /* likewise, by exit_group() */
	LEADER_KILLED, /* likewise, and the process is killed */
	NR_SCENES,
};

enum { NR_LIVES = 17, TENTH = 100000000, MAX_TRIES = 200 };

struct life {
	enum scene scene;
	int first, last, sig; /* codes of the first and the last thread; what kills it */
	char name[24], thread_name[24], path[MAX_PATH];
	sem_t go, forever;
	pid_t pid;
	volatile pid_t tid;    /* of the thread that ends last */
	int64_t before, after; /* it began in between, nanoseconds */
	int tenths, status;    /* of a second that it lived; what waitpid() said */
};

static int64_t now_ns(void)
{
	struct timespec t;

	stim__try(clock_gettime(CLOCK_MONOTONIC, &t));
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void wait_sem(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			stim__fail("sem_wait: %s", strerror(errno));
}

/* Returns once this process's first thread is a zombie. */
static void wait_for_leader(void)
{
	char path[64], text[256], *state;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	do {
		int fd = stim__try(open(path, O_RDONLY | O_CLOEXEC));

		n = stim__try(read(fd, text, sizeof(text) - 1));
		text[n] = '\0';
		close(fd);
		state = strrchr(text, ')');
		sched_yield();
	} while (!state || state[2] != 'Z');
}

static void end_thread(int code)
{
	syscall(SYS_exit, code);
	__builtin_unreachable();
}

static void *short_thread(void *arg)
{
	struct life *l = arg;

	stim__try(prctl(PR_SET_NAME, l->thread_name));
	end_thread(l->first);
	return NULL;
}

/* From here on, no other thread of the process runs while this one can. */
static void come_first(void)
{
	struct sched_param first = { .sched_priority = 1 };

	stim__try(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first));
}

/* To join a thread is to wait until the kernel clears a word of memory, which it does before the thread
 * hits the tracepoint, but for the newest kernel. So this one ends before that one has got there.
 */
static void join_thread(struct life *l)
{
	come_first();
	pthread_join(start_thread(short_thread, l), NULL);
}

static void execute_and_end(struct life *l)
{
	char code[16], *argv[] = { l->path, code, NULL };

	snprintf(code, sizeof(code), "%d", l->last);
	execve(l->path, argv, env_of_exit);
	stim__fail("%s: %s", l->path, strerror(errno));
}

static void *last_thread(void *arg)
{
	struct life *l = arg;

	stim__try(prctl(PR_SET_NAME, l->thread_name));
	l->tid = syscall(SYS_gettid);
	if (l->scene >= LEADER_FIRST)
		wait_for_leader();
	else
		come_first(); /* the first thread shall be the last */
	if (l->scene == LEADER_FIRST)
		end_thread(l->last);
	else if (l->scene == LEADER_KILLED)
		stim__try(kill(getpid(), l->sig));
	else if (l->scene == THREAD_DUMPS)
		stim__try(syscall(SYS_tgkill, getpid(), l->tid, l->sig));
	else if (l->scene == THREAD_EXECS)
		execute_and_end(l);
	else
		syscall(SYS_exit_group, l->last);
	wait_sem(&l->forever);
	return NULL;
}

static void allow_core(bool allowed)
{
	struct rlimit limit = { .rlim_cur = allowed ? RLIM_INFINITY : 0,
				.rlim_max = RLIM_INFINITY };
	int fd = stim__try(open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC));

	if (write(fd, "0", 1) != 1) /* no memory, a small file */
		stim__fail("coredump_filter: %s", strerror(errno));
	close(fd);
	stim__try(chdir(folder));
	stim__try(setrlimit(RLIMIT_CORE, &limit));
}

static void live(void *arg)
{
	struct life *l = arg;

	stim__try(prctl(PR_SET_NAME, l->name));
	wait_sem(&l->go);
	l->tid = getpid();
	allow_core(l->scene != MAY_NOT_DUMP);
	if (l->scene == JOINS)
		join_thread(l);
	if (l->scene >= THREAD_EXITS)
		start_thread(last_thread, l);
	if (l->scene >= LEADER_FIRST || l->scene == EXITS_ALONE)
		end_thread(l->first);
	if (l->scene >= THREAD_EXITS)
		wait_sem(&l->forever);
	if (l->sig)
		stim__try(kill(getpid(), l->sig));
	syscall(SYS_exit_group, l->last);
}

/* --- exercise: lives of a known length --- */

static void plan_life(struct stim *stim, struct life *l, int i)
{
	static const int kills[] = { SIGKILL, SIGTERM, SIGUSR1, 64 };
	static const int dumps[] = { SIGQUIT, SIGABRT, SIGSEGV, SIGBUS };
	int len = sprintf(l->path, "%s/life%d", folder, i);

	l->scene = i % NR_SCENES;
	l->first = 1 + stim__rand(stim, 100);
	l->last = 101 + stim__rand(stim, 300);
	if (l->scene == EXITS)
		l->last = i ? 256 : 0;
	if (l->scene == KILLED || l->scene == LEADER_KILLED)
		l->sig = kills[stim__rand(stim, ARRAY_SIZE(kills))];
	if (l->scene == DUMPS || l->scene == MAY_NOT_DUMP || l->scene == THREAD_DUMPS)
		l->sig = dumps[stim__rand(stim, ARRAY_SIZE(dumps))];
	pick_text(stim, l->name, 1 + stim__rand(stim, 20), odd_in_names);
	pick_text(stim, l->thread_name, 1 + stim__rand(stim, 20), odd_in_names);
	pick_text(stim, l->path + len, 1 + stim__rand(stim, 20), odd_in_names);
	if (l->scene == THREAD_EXECS)
		stim__try(symlink(program, l->path));
	stim__try(sem_init(&l->go, 1, 0));
	stim__try(sem_init(&l->forever, 1, 0));
}

static void begin_life(struct stim *stim, struct life *l)
{
	l->before = now_ns();
	l->pid = stim__fork(stim, live, l);
	l->after = now_ns();
}

/* Ends it early within a tenth of a second. False when it is uncertain which one that was. */
static bool end_life(struct life *l)
{
	int64_t late = (now_ns() - l->after) % TENTH, begin, end;
	struct timespec rest = { .tv_nsec = TENTH + TENTH / 50 - late };

	if (late < TENTH / 50 || late > TENTH / 2)
		nanosleep(&rest, NULL);
	begin = now_ns();
	stim__try(sem_post(&l->go));
	while (waitpid(l->pid, &l->status, 0) != l->pid)
		if (errno != EINTR)
			stim__fail("waiting for process %d: %s", l->pid, strerror(errno));
	end = now_ns();
	l->tenths = (begin - l->after) / TENTH;
	return l->tenths == (end - l->before) / TENTH;
}

static void check_status(const struct life *l)
{
	bool dumps = l->scene == DUMPS || l->scene == THREAD_DUMPS;
	int sig = WIFSIGNALED(l->status) ? WTERMSIG(l->status) : 0;

	if (sig != l->sig || (sig && !!WCOREDUMP(l->status) != dumps))
		stim__fail("a process of scene %d ended with wait status %#x", l->scene, l->status);
}

/* --- exercise: what must be seen of it --- */

/* The truth and the mistakes differ in what they take for an end, and for its status. */
static const struct ending {
	const char *sentence;
	bool threads, early, leaders, overtaken, tid, thread_age, thread_name, core_in_signal;
	enum { WAITED_FOR, OF_TASK, OF_LEADER, OF_GROUP } status;
} endings[] = {
	{ .sentence = NULL },
	{ .sentence = "threads' ends are shown too: a process ends with the last of its threads, "
		      "and `live` in its signal_struct is 0 then",
	  .threads = true },
	/* Where a thread hits the tracepoint before others can know of its end. */
	{ .sentence = "threads' ends are shown too: a process ends with the last of its threads, "
		      "when `live` in its signal_struct is 0",
	  .threads = true,
	  .early = true },
	{ .sentence = "a process is shown once for each thread that finds `live` to be 0: remember "
		      "in a map which processes have had their row",
	  .overtaken = true },
	{ .sentence = "rows tell of the first thread's end: it can end before the others, and a "
		      "thread that executes a program takes its ID over",
	  .leaders = true,
	  .status = OF_LEADER },
	{ .sentence = "PID is the ID of the thread that ended last: the process's is `tgid`",
	  .tid = true },
	{ .sentence = "AGE is that of the thread that ended last: the process is as old as its "
		      "group leader",
	  .thread_age = true },
	{ .sentence = "AGE and the map's key are those of threads: the process is as old as its "
		      "group leader",
	  .thread_age = true,
	  .overtaken = true },
	{ .sentence = "COMM is the name of the thread that ended last: the process's is its group "
		      "leader's",
	  .thread_name = true },
	{ .sentence = "SIGNAL has the core bit in it: of the status, the low seven bits are the "
		      "signal",
	  .core_in_signal = true },
	{ .sentence = "the status is that of the thread that ended last: what wait() says is the "
		      "group's, or else its leader's",
	  .status = OF_TASK },
	{ .sentence = "the status is always that of the first thread: if the whole group exits, "
		      "`group_exit_code` counts",
	  .status = OF_LEADER },
	{ .sentence = "the status is always `group_exit_code`: it counts only if `flags` has "
		      "SIGNAL_GROUP_EXIT",
	  .status = OF_GROUP },
};

/* Whether the kernel makes each exit of a last thread its group's. Older ones do not. */
static bool always_group;

/* What a program finds that reads the status elsewhere. */
static int find_status(const struct ending *e, const struct life *l)
{
	bool alone = l->scene <= EXITS_ALONE || l->scene == JOINS || l->scene == THREAD_EXECS ||
		     l->scene == LEADER_FIRST;

	if (e->status == OF_LEADER && l->scene >= LEADER_FIRST)
		return l->first << 8;
	if (e->status == OF_TASK && l->scene == LEADER_FIRST)
		return l->last << 8;
	if ((e->status == OF_LEADER || e->status == OF_TASK) && l->scene == THREAD_DUMPS)
		return l->sig; /* only the group's has the core bit */
	if (e->status == OF_GROUP && alone && !always_group)
		return 0;
	return l->status;
}

static void tell_end(struct stim *stim, const struct ending *e, const struct life *l,
		     const char *name, int status, bool leader)
{
	int tenths = e->thread_age && !leader ? 0 : l->tenths;
	char comm[COMM_LEN];

	clean(comm, name, strnlen(name, COMM_LEN - 1));
	stim__row(stim, "%d %d.%d %d %d %s %s", e->tid && !leader ? l->tid : l->pid, tenths / 10,
		  tenths % 10, status >> 8 & 0xff, status & (e->core_in_signal ? 0xff : 0x7f),
		  status & 0x80 ? "yes" : "no", comm);
}

/* Another end than that of the process. */
static void tell_thread(struct stim *stim, const struct ending *e, const struct life *l)
{
	bool early = l->scene == THREAD_EXECS || (l->scene == JOINS && e->early);
	int status = early ? 0 : l->scene >= LEADER_FIRST ? l->first << 8 : l->status;

	if ((e->threads && l->scene >= JOINS) || (e->leaders && l->scene == THREAD_EXECS) ||
	    (e->overtaken && l->scene == JOINS))
		tell_end(stim, e, l, l->name, status, false);
}

static void tell_life(struct stim *stim, const struct life *l)
{
	const char *name = l->scene == THREAD_EXECS ? strrchr(l->path, '/') + 1 : l->name;
	bool leader = l->scene < LEADER_FIRST; /* is the last thread */

	for (const struct ending *e = endings; e < endings + ARRAY_SIZE(endings); e++) {
		stim__mistake(stim, e->sentence);
		tell_thread(stim, e, l);
		tell_end(stim, e, l, e->thread_name && !leader ? l->thread_name : name,
			 find_status(e, l), leader);
	}
	stim__mistake(stim, NULL);
	stim__own(stim, l->pid);
	if (l->tid != l->pid)
		stim__own(stim, l->tid);
}

static void setup_exercise(struct stim *stim __maybe_unused)
{
	copy_program();
}

static void run_exercise(struct stim *stim)
{
	struct life *lives = zeroed(NR_LIVES * sizeof(*lives));

	for (int i = 0; i < NR_LIVES; i++) {
		plan_life(stim, &lives[i], i);
		begin_life(stim, &lives[i]);
	}
	/* However fast the machine is, the first ones are older than threads that they start from now on. */
	nanosleep(&(struct timespec){ .tv_nsec = TENTH + TENTH / 20 }, NULL);
	for (int i = 0, tries = 0; i < NR_LIVES; i++) {
		struct life *l = &lives[i];

		/* A life of uncertain length is nobody's business; another one takes its place. */
		while (!end_life(l)) {
			if (++tries == MAX_TRIES)
				stim__fail("this machine is too busy to time processes");
			begin_life(stim, l);
		}
		check_status(l);
		if (l->scene == LEADER_FIRST)
			always_group = l->status >> 8 == (l->last & 0xff);
	}
	for (int i = 0; i < NR_LIVES; i++)
		tell_life(stim, &lives[i]);
	remove_folder();
}

const struct test_case exercise = {
	.columns = "PID AGE CODE SIGNAL CORE COMM",
	.own = "PID",
	.setup = setup_exercise,
	.run = run_exercise,
	.needs = {
		{ "program * section=*/sched_process_exit *", "a program at sched_process_exit" },
		{ "map * type=lru_*hash key=16 *",
		  "an LRU hash map that remembers which processes were told of, by ID and start" },
		{ "relocation * byte_off signal_struct.live*", "a CO-RE read of signal_struct.live" },
		{ "relocation * byte_off signal_struct.flags", "a CO-RE read of signal_struct.flags" },
		{ "relocation * byte_off signal_struct.group_exit_code",
		  "a CO-RE read of signal_struct.group_exit_code" },
		{ "relocation * byte_off task_struct.exit_code",
		  "a CO-RE read of task_struct.exit_code" },
		{ "relocation * byte_off task_struct.start_*",
		  "a CO-RE read of task_struct.start_time" },
		{ "relocation * byte_off task_struct.group_leader",
		  "a CO-RE read of task_struct.group_leader" },
	},
};
