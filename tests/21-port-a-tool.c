// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 21. Pair: reads and writes per process and file. Exercise: BCC's shmsnoop, calls for shared
 * memory.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness.h"

static void *share(size_t size)
{
	return stim__try(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static const char *const tools[] = { "bcc", "libbpf" };

/* --- pair: files --- */

enum { UID = 40021, TABLES = 3, WORKERS = 5, TOP = 5, SIZE = 16384, NAME_LEN = 32 };

/* Which of them a row names, the name tells: it has to hold "log", within 31 bytes. */
enum { PLAIN, BLANKS, LONG, TOO_LONG, OTHER, RENAMED, LINKED, FILES };

struct use {
	unsigned reads, writes, rlen, wlen, bad; /* calls, bytes of each, calls that fail */
	bool in_thread;
};

static struct worker {
	pid_t pid;
	struct use use[FILES];
} * workers; /* of all tables, and of the time behind the last */

static char folder[] = "/tmp/unit21-XXXXXX", file_name[FILES][80];

/* Sends a signal to the tools, children of process 1, but to none of this name. */
static void signal_tools(int sig, const char *but)
{
	DIR *proc = getppid() == 1 ? opendir("/proc") : NULL;
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char path[64], comm[16];
		int pid = atoi(entry->d_name), parent;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%.20s/stat", entry->d_name);
		f = pid > 1 && pid != getpid() ? fopen(path, "re") : NULL;
		if (!f)
			continue;
		if (fscanf(f, "%*d (%15[^)]) %*c %d", comm, &parent) == 2 && parent == 1 &&
		    strcmp(comm, but))
			kill(pid, sig);
		fclose(f);
	}
	if (proc)
		closedir(proc);
}

static void make_files(struct stim *s)
{
	static const char *const formats[FILES] = {
		"access-%u.log",
		"a log  with blanks %u%%s",
		"long-log-%u-of-more-than-31-letters",
		"%027u-too-late.log",
		"data-%u",
		"old-%u.log",
		"second-%u.log",
	};
	static char data[SIZE];

	stim__try(mkdtemp(folder));
	stim__try(chmod(folder, 0777));
	stim__try(chdir(folder));
	for (int i = 0; i < FILES; i++) {
		int fd;

		snprintf(file_name[i], sizeof(file_name[i]), formats[i],
			 (unsigned)stim__rand(s, 9000) + 1000);
		fd = stim__try(open(file_name[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
		stim__try(fchmod(fd, 0666));
		stim__try(write(fd, data, sizeof(data)));
		close(fd);
	}
}

static void remove_files(void)
{
	for (int i = 0; i < FILES; i++)
		stim__try(unlink(file_name[i]));
	stim__try(chdir("/"));
	stim__try(rmdir(folder));
}

static void read_file(int fd, int file, unsigned calls, unsigned len)
{
	char data[SIZE];
	struct iovec part = { data, 1 };

	stim__try(lseek(fd, 0, SEEK_SET));
	for (unsigned i = 0; i < calls; i++)
		stim__try(i % 2 ? syscall(SYS_pread64, fd, data, len, 0)
				: syscall(SYS_read, fd, data, len * !lseek(fd, 0, SEEK_SET)));
	if (file == BLANKS)
		stim__try(syscall(SYS_readv, fd, &part, 1)); /* does not pass vfs_read() */
}

static void write_file(int fd, unsigned calls, unsigned len)
{
	static const char data[SIZE];

	for (unsigned i = 0; i < calls; i++)
		stim__try(syscall(SYS_pwrite64, fd, data, len, 0));
}

/* Neither is open for that. */
static void fail(int reader, int writer, unsigned calls)
{
	char byte = 0;

	for (unsigned i = 0; i < calls; i++)
		if (i % 2 ? syscall(SYS_read, writer, &byte, 1) != -1
			  : syscall(SYS_write, reader, &byte, 1) != -1)
			stim__fail("a file was read or written that is not open for that");
}

struct job {
	const struct use *use;
	int file;
};

static void *use_file(void *arg)
{
	const struct job *job = arg;
	const struct use *use = job->use;
	const char *name = file_name[job->file];
	int reader = stim__try(open(name, O_RDONLY | O_CLOEXEC));
	int writer = stim__try(open(name, O_WRONLY | O_CLOEXEC));

	read_file(reader, job->file, use->reads, use->rlen);
	/* The row keeps the first name, and files are told apart by their inodes. */
	if (job->file == RENAMED)
		stim__try(rename(name, "now-renamed"));
	if (job->file == LINKED) {
		stim__try(link(name, "link"));
		close(writer);
		writer = stim__try(open("link", O_WRONLY | O_CLOEXEC));
	}
	write_file(writer, use->writes, use->wlen);
	fail(reader, writer, use->bad);
	if (job->file == RENAMED)
		stim__try(rename("now-renamed", name));
	if (job->file == LINKED)
		stim__try(unlink("link"));
	close(reader);
	close(writer);
	return NULL;
}

static void work(void *arg)
{
	const struct worker *w = arg;

	stim__try(setresuid(UID, UID, UID));
	for (int i = 0; i < FILES; i++) {
		struct job job = { &w->use[i], i };
		pthread_t thread;

		if (!w->use[i].in_thread)
			use_file(&job);
		else if (pthread_create(&thread, NULL, use_file, &job) ||
			 pthread_join(thread, NULL))
			stim__fail("a thread cannot be started or ended");
	}
}

/* More files have failed calls than a table has rows, and some have none. */
static void plan_worker(struct stim *s, struct worker *w)
{
	for (int i = 0; i < FILES; i++) {
		struct use *use = &w->use[i];

		use->reads = 1 + stim__rand(s, 12);
		use->writes = stim__rand(s, 9);
		use->rlen = 1 + stim__rand(s, 4096);
		use->wlen = 1 + stim__rand(s, SIZE);
		use->bad = stim__rand(s, 3) ? 1 + stim__rand(s, 6) : 0;
		use->in_thread = stim__rand(s, 2);
	}
}

struct line {
	pid_t pid;
	int file;
	const struct use *use;
};

static unsigned long written(const struct line *line)
{
	return (unsigned long)line->use->writes * line->use->wlen;
}

static int by_written(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (written(x) != written(y))
		return written(x) > written(y) ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return strncmp(file_name[x->file], file_name[y->file], NAME_LEN - 1);
}

static void table_rows(struct stim *s, const struct worker *w)
{
	struct line line[WORKERS * FILES];
	size_t nr = 0;

	for (int i = 0; i < WORKERS; i++)
		for (int k = 0; k < FILES; k++)
			if (k != TOO_LONG && k != OTHER && w[i].use[k].bad)
				line[nr++] = (struct line){ w[i].pid, k, &w[i].use[k] };
	qsort(line, nr, sizeof(*line), by_written);
	for (size_t i = 0; i < nr && i < TOP; i++) {
		const struct use *use = line[i].use;

		stim__row(s, "00:00:00 %d %u %u %lu %lu %u %.*s", line[i].pid,
			  use->reads + use->bad / 2, use->writes + (use->bad + 1) / 2,
			  (unsigned long)use->reads * use->rlen, written(&line[i]), use->bad,
			  NAME_LEN - 1, file_name[line[i].file]);
	}
}

static void ask_for_tables(struct stim *s)
{
	workers = share((TABLES + 1) * WORKERS * sizeof(*workers));
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		stim__arg(s, tools[i], "-T");
		stim__arg(s, tools[i], "--uid=%d", UID);
		stim__arg(s, tools[i], "--name=log");
		stim__arg(s, tools[i], "--failed");
		stim__arg(s, tools[i], "--sort=wbytes");
		stim__arg(s, tools[i], "--rows=%d", TOP);
		stim__arg(s, tools[i], "86400");
		stim__arg(s, tools[i], "%d", TABLES);
	}
}

static void run_pair(struct stim *s)
{
	make_files(s);
	for (int t = 0; t <= TABLES; t++) {
		struct worker *w = &workers[t * WORKERS];

		for (int i = 0; i < WORKERS; i++) {
			plan_worker(s, &w[i]);
			w[i].pid = stim__fork(s, work, &w[i]);
			stim__wait(w[i].pid);
			stim__own(s, w[i].pid);
		}
		signal_tools(SIGALRM, "");
		stim__drain_tools(); /* until they have printed */
		if (t < TABLES)
			table_rows(s, w);
	}
	remove_files();
}

const struct test_case pair = {
	.columns = "TIME PID READS WRITES RBYTES WBYTES FAILED FILE",
	.own = "PID",
	.mask = "TIME",
	.ordered = true,
	.setup = ask_for_tables,
	.run = run_pair,
	.needs = {
		{ "program * section=kprobe/vfs_read *", "a program at vfs_read()" },
		{ "program * section=kretprobe/vfs_write *", "a program where vfs_write() returns" },
		{ "map * type=hash key=16 *", "a hash map with a file and a process as its key" },
		{ "variable .rodata targ_uid 4", "a constant for the user" },
	},
};

/* --- exercise: who calls --- */

enum call { SHMGET, SHMAT, SHMDT, SHMCTL };

struct step {
	enum call call;
	uint64_t args[3], ret;
	bool last_id,
		at_last; /* args[0] is to be the last segment's ID, or where it was attached */
	char comm[16];
};

enum { STEPS = 53, LAST = 7, NOISE = 7, FLOOD = 4001, MAX_STEPS = 64, NOWHERE = 0x5eed };

/* Of three, each a thread that waits for its turn since before the tools start: one that both tools
 * are told to watch by its ID, a second one of its process, and another process, whose ID they are
 * told as well.
 */
static struct actor {
	pid_t pid, tid;
	sem_t turn, done;
	int nr, rest; /* calls, and where those of its second turn begin, if it has one */
	unsigned flood;
	struct step step[MAX_STEPS];
} * actors, *target, *twin, *other;

static char name[8]; /* what threads must have in their names to be seen */
static struct shmid_ds stat_buffer;

static uint64_t call_shm(enum call call, const uint64_t *args)
{
	static const int number[] = { SYS_shmget, SYS_shmat, SYS_shmdt, SYS_shmctl };
	long ret = syscall(number[call], args[0], args[1], args[2]);

	return ret == -1 ? (uint64_t)-errno : (uint64_t)ret;
}

static void wait_sem(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			stim__fail("semaphore: %s", strerror(errno));
}

static void *act(void *arg)
{
	static const uint64_t nowhere[3] = { NOWHERE };
	struct actor *a = arg;
	uint64_t id = 0, at = 0;

	a->tid = syscall(SYS_gettid);
	stim__try(prctl(PR_SET_NAME, name));
	stim__try(sem_post(&a->done));
	wait_sem(&a->turn);
	for (unsigned i = 0; i < a->flood; i++)
		call_shm(SHMDT, nowhere);
	for (int i = 0; i < a->nr; i++) {
		struct step *step = &a->step[i];

		if (a->rest && i == a->rest) {
			stim__try(sem_post(&a->done));
			wait_sem(&a->turn);
		}
		if (step->last_id)
			step->args[0] |= id;
		if (step->at_last)
			step->args[0] = at;
		stim__try(prctl(PR_SET_NAME, step->comm));
		step->ret = call_shm(step->call, step->args);
		if (step->call == SHMGET)
			id = step->ret & 0xffffffff;
		if (step->call == SHMAT)
			at = step->ret;
	}
	stim__try(sem_post(&a->done));
	return NULL;
}

static void act_as_process(void *arg)
{
	act(arg);
}

static void start_thread(struct actor *a)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, act, a))
		stim__fail("a thread cannot be started");
}

static void start_actors(struct stim *s)
{
	actors = share(3 * sizeof(*actors));
	target = &actors[0];
	twin = &actors[1];
	other = &actors[2];
	/* The same as long as the snapshot is. */
	snprintf(name, sizeof(name), "%c%c%c", 'a' + getpid() % 26, 'p' + getpid() / 26 % 9, 'q');
	for (int i = 0; i < 3; i++) {
		stim__try(sem_init(&actors[i].turn, 1, 0));
		stim__try(sem_init(&actors[i].done, 1, 0));
	}
	target->pid = twin->pid = getpid();
	other->pid = stim__fork(s, act_as_process, other);
	start_thread(target);
	start_thread(twin);
	for (int i = 0; i < 3; i++)
		wait_sem(&actors[i].done);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		stim__arg(s, tools[i], "-T");
		stim__arg(s, tools[i], "-t");
		stim__arg(s, tools[i], "%d", target->tid);
		stim__arg(s, tools[i], "-p");
		stim__arg(s, tools[i], "%d", other->pid);
		stim__arg(s, tools[i], "-n");
		stim__arg(s, tools[i], "%s", name);
	}
}

/* --- exercise: what they call --- */

/* The kernel looks at 32 bits of most arguments; the upper ones of the register are anything. */
static uint64_t upper(struct stim *s)
{
	return stim__rand(s, 2) ? stim__rand(s, 1ULL << 32) << 32 : 0;
}

static const uint64_t create_flags[] = {
	IPC_EXCL, SHM_NORESERVE, SHM_EXEC, 21 << 26, 30 << 26, 16 << 26, 2 << 26, 1 << 25,
};

static uint64_t pick_flags(struct stim *s, const uint64_t *flags, size_t nr)
{
	uint64_t value = 0;

	for (unsigned n = stim__rand(s, 4); n--;)
		value |= flags[stim__rand(s, nr)];
	return value;
}

static struct step make_step(enum call call, uint64_t a, uint64_t b, uint64_t c)
{
	struct step step = { .call = call };

	step.args[0] = a;
	step.args[1] = b;
	step.args[2] = c;
	return step;
}

/* Makes a segment, attaches it, looks at it, detaches and removes it. */
static int plan_good(struct stim *s, struct step *step)
{
	static const uint64_t at_flags[] = { SHM_RDONLY, SHM_EXEC, SHM_RND, 1 << 20 };
	uint64_t create = IPC_CREAT | 0600 | pick_flags(s, create_flags, ARRAY_SIZE(create_flags));
	uint64_t attach = pick_flags(s, at_flags, ARRAY_SIZE(at_flags));
	uint64_t buffer = (uintptr_t)&stat_buffer;

	step[0] = make_step(SHMGET, upper(s) | IPC_PRIVATE, 1 + stim__rand(s, 30000),
			    upper(s) | create);
	step[1] = make_step(SHMAT, upper(s), 0, upper(s) | attach);
	step[2] = make_step(SHMCTL, upper(s), upper(s) | IPC_STAT, buffer);
	step[3] = make_step(SHMDT, 0, 0, 0);
	step[4] = make_step(SHMCTL, upper(s), IPC_RMID, stim__rand(s, 1ULL << 63));
	step[1].last_id = step[2].last_id = step[4].last_id = true;
	step[3].at_last = true;
	return 5;
}

/* A call that fails. */
static struct step pick_bad(struct stim *s)
{
	static const uint64_t at_flags[] = { SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC };
	uint64_t nobody = upper(s) | (0x7ffffff0 - stim__rand(s, 1000));
	uint64_t huge = IPC_CREAT | SHM_HUGETLB | create_flags[3 + stim__rand(s, 2)];

	switch (stim__rand(s, 6)) {
	case 0: /* there is no such key */
		return make_step(SHMGET, nobody, stim__rand(s, 9), stim__rand(s, 2) * 0600);
	case 1: /* too large */
		return make_step(SHMGET, IPC_PRIVATE, -1ULL - stim__rand(s, 9), IPC_CREAT);
	case 2: /* too small */
		return make_step(SHMGET, IPC_PRIVATE, 0, huge);
	case 3:
		return make_step(SHMAT, nobody, stim__rand(s, 1ULL << 40),
				 pick_flags(s, at_flags, ARRAY_SIZE(at_flags)));
	case 4:
		return make_step(SHMDT, stim__rand(s, 1ULL << 63) | 1, 0, 0);
	default:
		return make_step(SHMCTL, -1ULL, upper(s) | (1000 + stim__rand(s, 1000)),
				 stim__rand(s, 1ULL << 63));
	}
}

/* No blanks: the check's table tells columns apart by them. */
static void pick_comm(struct stim *s, char *comm, size_t size)
{
	static const char *const formats[] = {
		"%s",	"%s-daemon",	   "the-%s", "a--%s%%s", "twelve-chars%s",
		"%.2s", "cut-off-here-%s", "",	     "other",	 "%%s/%s",
	};
	char text[64];

	snprintf(text, sizeof(text), formats[stim__rand(s, ARRAY_SIZE(formats))], name);
	snprintf(comm, size, "%.15s", text);
}

/* Whatever chance says, the first six calls tell each mistake from the truth. */
static void plan_actor(struct stim *s, struct actor *a, int least)
{
	static const char *const formats[] = { "%s", "the-%s", "%s-daemon", "other", "%s", "%s" };

	a->nr = plan_good(s, a->step);
	a->step[0].args[0] |= 1ULL << 40;
	/* One bit that both huge sizes have, and none that only the second has. */
	a->step[0].args[2] = (a->step[0].args[2] & ~(31ULL << 26)) | 16 << 26;
	a->step[a->nr++] = pick_bad(s);
	while (a->nr < least) {
		if (stim__rand(s, 2))
			a->step[a->nr++] = pick_bad(s);
		else
			a->nr += plan_good(s, &a->step[a->nr]);
	}
	for (int i = 0; i < a->nr; i++) {
		if (i < (int)ARRAY_SIZE(formats))
			snprintf(a->step[i].comm, sizeof(a->step[i].comm), formats[i], name);
		else
			pick_comm(s, a->step[i].comm, sizeof(a->step[i].comm));
	}
}

/* --- exercise: the rows --- */

struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	enum { THREAD, PROCESS, PROCESS_AS_WELL, EVERYONE } whose;
	enum { TID, TGID } id;
	enum { CONTAINS, IS, BEGINS, ANY } comm;
	enum { AS_SCRIPT, ALL_NAMES, WHOLE_FLAGS } flags;
	bool int_args, int_ret, decimal_ret, no_failures, no_shmctl, no_flags, no_rest;
};

static const struct view views[] = {
	{ .sentence = NULL },
	{ .sentence = "RET is cut to 32 bits: it is the whole register, an address for shmat()",
	  .int_ret = true },
	{ .sentence = "RET is a decimal number: the script prints it in hexadecimal",
	  .decimal_ret = true },
	{ .sentence = "arguments are cut to 32 bits: the script prints whole registers",
	  .int_args = true },
	{ .sentence =
		  "too many flags have names: in the script, a flag that was named takes its bits "
		  "away before the next one is looked at",
	  .flags = ALL_NAMES },
	{ .sentence = "too few flags have names: in the script, one bit of a flag is enough",
	  .flags = WHOLE_FLAGS },
	{ .sentence = "flags have no names", .no_flags = true },
	{ .sentence =
		  "the first column holds the process's ID: with -t, the script calls it TID, and "
		  "prints the thread's",
	  .id = TGID },
	{ .sentence = "-p is followed, not -t: in the script, the TID trumps the PID",
	  .whose = PROCESS },
	{ .sentence =
		  "no row is left when -t and -p are both followed: in the script, the TID trumps "
		  "the PID",
	  .whose = PROCESS_AS_WELL },
	{ .sentence = "-t is not followed: calls of other threads are shown", .whose = EVERYONE },
	{ .sentence = "-n is not followed: threads of other names are shown", .comm = ANY },
	{ .sentence =
		  "-n wants more than the script's: it is enough that the name contains the text",
	  .comm = IS },
	{ .sentence = "-n wants more than the script's: the text may be anywhere in the name",
	  .comm = BEGINS },
	{ .sentence = "calls that fail are missing", .no_failures = true },
	{ .sentence = "shmctl() calls are missing", .no_shmctl = true },
	{ .sentence = "what was in the buffer when the signal came is missing: read it once more "
		      "before you end",
	  .no_rest = true },
};

struct flag {
	uint64_t value;
	const char *name;
};

static const struct flag get_names[] = {
	{ 01000, "IPC_CREAT" },	      { 02000, "IPC_EXCL" },
	{ 04000, "SHM_HUGETLB" },     { 21 << 26, "SHM_HUGE_2MB" },
	{ 30 << 26, "SHM_HUGE_1GB" }, { 010000, "SHM_NORESERVE" },
	{ 0100000, "SHM_EXEC" },      { 0 },
};

static const struct flag at_names[] = {
	{ 010000, "SHM_RDONLY" },
	{ 020000, "SHM_RND" },
	{ 040000, "SHM_REMAP" },
	{ 0100000, "SHM_EXEC" },
	{ 0 },
};

static bool has_flag(const struct view *v, uint64_t left, uint64_t all, uint64_t flag)
{
	return v->flags == ALL_NAMES   ? all & flag
	       : v->flags == AS_SCRIPT ? left & flag
				       : (left & flag) == flag;
}

static void add_flags(const struct view *v, struct buf *b, uint64_t value, const struct flag *flag)
{
	const char *between = " (";
	uint64_t left = value;

	buf__printf(b, "0x%lx", value);
	if (v->no_flags || !value)
		return;
	for (; flag->name; flag++) {
		if (!has_flag(v, left, value, flag->value))
			continue;
		buf__printf(b, "%s%s", between, flag->name);
		left &= ~flag->value;
		between = "|";
	}
	if (left)
		buf__printf(b, "%s0%lo", between, left);
	buf__printf(b, ")");
}

static void add_args(const struct view *v, struct buf *b, const struct step *step)
{
	uint64_t mask = v->int_args ? 0xffffffff : -1ULL;
	uint64_t first = step->args[0] & mask, third = step->args[2] & mask;

	switch (step->call) {
	case SHMGET:
		buf__printf(b, "key: 0x%lx, size: %lu, shmflg: ", first, step->args[1]);
		add_flags(v, b, third, get_names);
		break;
	case SHMAT:
		buf__printf(b, "shmid: 0x%lx, shmaddr: 0x%lx, shmflg: ", first, step->args[1]);
		add_flags(v, b, third, at_names);
		break;
	case SHMDT:
		buf__printf(b, "shmaddr: 0x%lx", step->args[0]);
		break;
	case SHMCTL:
		buf__printf(b, "shmid: 0x%lx, cmd: %lu, buf: 0x%lx", first, step->args[1] & mask,
			    step->args[2]);
		break;
	}
}

static bool shows_comm(const struct view *v, const char *comm)
{
	switch (v->comm) {
	case ANY:
		return true;
	case IS:
		return !strcmp(comm, name);
	case BEGINS:
		return !strncmp(comm, name, strlen(name));
	default:
		return strstr(comm, name);
	}
}

static void step_row(struct stim *s, const struct view *v, const struct actor *a,
		     const struct step *step)
{
	static const char *const calls[] = { "SHMGET", "SHMAT", "SHMDT", "SHMCTL" };
	cleanup_buf struct buf args = { 0 };
	int id = v->id == TID ? a->tid : a->pid;
	uint64_t ret = v->int_ret ? (uint32_t)step->ret : step->ret;

	if (!shows_comm(v, step->comm) ||
	    (v->no_failures && (int64_t)step->ret < 0 && (int64_t)step->ret >= -4095) ||
	    (v->no_shmctl && step->call == SHMCTL))
		return;
	add_args(v, &args, step);
	if (v->decimal_ret)
		stim__row(s, "0 %-6d %-16s %6s %16ld %s", id, step->comm, calls[step->call], ret,
			  args.data);
	else
		stim__row(s, "0 %-6d %-16s %6s %16lx %s", id, step->comm, calls[step->call], ret,
			  args.data);
}

static bool shows_actor(const struct view *v, const struct actor *a)
{
	switch (v->whose) {
	case THREAD:
		return a == target;
	case PROCESS:
		return a == other;
	case PROCESS_AS_WELL:
		return false;
	default:
		return true;
	}
}

static void view_rows(struct stim *s, const struct view *v)
{
	for (int i = 0; i < 3; i++) {
		struct actor *a = &actors[i];
		struct step flood = make_step(SHMDT, NOWHERE, 0, 0);

		if (!shows_actor(v, a))
			continue;
		flood.ret = -EINVAL;
		strcpy(flood.comm, name);
		for (unsigned k = 0; k < a->flood; k++)
			step_row(s, v, a, &flood);
		for (int k = 0; k < (v->no_rest && a->rest ? a->rest : a->nr); k++)
			step_row(s, v, a, &a->step[k]);
	}
}

static void take_turn(struct actor *a)
{
	stim__try(sem_post(&a->turn));
	wait_sem(&a->done);
}

/* The last calls wait in both buffers when SIGINT ends the one tool. BCC's would not print them any more:
 * it ends later, when it has read them.
 */
static void make_last_calls(void)
{
	stim__stop_tools();
	take_turn(target);
	signal_tools(SIGINT, "python3");
	stim__drain_tools();
}

static void run_exercise(struct stim *s)
{
	plan_actor(s, target, STEPS);
	target->rest = target->nr - LAST;
	strcpy(target->step[target->rest].comm, name); /* at least this one has a row */
	plan_actor(s, twin, NOISE);
	plan_actor(s, other, NOISE);
	take_turn(other);
	stim__wait(other->pid);
	/* More than a buffer holds, if the calls of this one are sent to be dropped in user space. */
	twin->flood = FLOOD;
	stim__stop_tools();
	take_turn(twin);
	take_turn(target);
	stim__drain_tools();
	make_last_calls();
	for (int i = 0; i < 3; i++) {
		stim__own(s, actors[i].pid);
		stim__own(s, actors[i].tid);
	}
	for (size_t v = 0; v < ARRAY_SIZE(views); v++) {
		stim__mistake(s, views[v].sentence);
		view_rows(s, &views[v]);
	}
}

const struct test_case exercise = {
	.columns = "TIME(s) TID COMM SYS RET ARGs",
	.own = "TID",
	.mask = "TIME(s)",
	.setup = start_actors,
	.run = run_exercise,
	.needs = {
		{ "program * section=ksyscall/shmget *", "a program at shmget(), by its system call name" },
		{ "program * section=ksyscall/shmat *", "a program at shmat(), by its system call name" },
		{ "program * section=ksyscall/shmdt *", "a program at shmdt(), by its system call name" },
		{ "program * section=ksyscall/shmctl *", "a program at shmctl(), by its system call name" },
		{ "program * section=kretsyscall* *", "a program where the calls return" },
		{ "map * type=*hash *", "a hash map that pairs entry and return" },
		{ "map * type=ringbuf *", "a ring buffer" },
		{ "variable .rodata *", "a constant that the options set" },
	},
};
