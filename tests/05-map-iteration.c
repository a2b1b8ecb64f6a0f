// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 05. Pair: write() calls per process and interval. Exercise: the ten busiest of each interval.
 *
 * What a tool loses, it loses between two of its system calls. There the stimulus stops it, as a
 * debugger does, and lets processes write. It also ends the tools' waits for the next interval, and
 * makes system calls fail as older kernels do.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

/* --- writers --- */

enum { UID = 40005, NAME_LEN = 16 };

struct writer {
	pid_t pid, tid;
	char name[NAME_LEN];
	bool as_user;	 /* of the exercise's user, not root */
	unsigned good;	 /* write() calls that write a byte */
	unsigned bad;	 /* that have no file to write to */
	unsigned thread; /* more of the good ones, made by a second thread */
	unsigned other;	 /* writev() and pwrite64() calls */
	unsigned told;	 /* calls so far of a process that waits for its turns */
	sem_t turn, done;
	bool end;
};

static void *share(size_t size)
{
	return stim__try(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static void wait_sem(sem_t *sem)
{
	while (sem_wait(sem)) {
		if (errno != EINTR)
			stim__fail("semaphore: %s", strerror(errno));
	}
}

static void write_bytes(int fd, unsigned n)
{
	while (n--)
		stim__try(syscall(SYS_write, fd, "x", 1));
}

static void fail_writes(unsigned n)
{
	while (n--) {
		if (syscall(SYS_write, -1, "x", 1) != -1)
			stim__fail("write() to no file went well");
	}
}

static void write_otherwise(int fd, unsigned n)
{
	struct iovec part = { "x", 1 };

	while (n--) {
		stim__try(syscall(SYS_writev, fd, &part, 1));
		stim__try(syscall(SYS_pwrite64, fd, "x", 1, 0));
	}
}

static int open_null(void)
{
	return stim__try(open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static int write_in_thread(void *arg)
{
	struct writer *w = arg;

	write_bytes(open_null(), w->thread);
	return 0;
}

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static void run_thread(struct writer *w)
{
	static char stack[64 << 10] __attribute__((aligned(16)));

	w->tid = stim__try(clone(write_in_thread, stack + sizeof(stack), THREAD, w));
	while (!syscall(SYS_tgkill, getpid(), w->tid, 0))
		sched_yield();
}

static void become(struct writer *w)
{
	stim__try(prctl(PR_SET_NAME, w->name));
	if (w->as_user)
		stim__try(setresuid(UID, UID, UID));
	stim__try(prctl(PR_SET_PDEATHSIG, SIGKILL)); /* forgotten when the user changes */
}

static void write_once(void *arg)
{
	struct writer *w = arg;
	int fd = open_null();

	become(w);
	write_otherwise(fd, w->other);
	write_bytes(fd, w->good);
	fail_writes(w->bad);
	if (w->thread)
		run_thread(w);
}

/* Lives on, and makes the calls it is told to make, each time it is told. */
static void write_in_turns(void *arg)
{
	struct writer *w = arg;
	int fd = open_null();

	become(w);
	for (;;) {
		wait_sem(&w->turn);
		if (w->end)
			return;
		write_bytes(fd, w->good);
		fail_writes(w->bad);
		sem_post(&w->done);
	}
}

/* A process that makes its calls and is gone. */
static void run_writer(struct stim *s, struct writer *w)
{
	w->pid = stim__fork(s, write_once, w);
	stim__wait(w->pid);
	stim__own(s, w->pid);
	if (w->tid)
		stim__own(s, w->tid);
}

static void start_turns(struct stim *s, struct writer *w)
{
	stim__try(sem_init(&w->turn, 1, 0));
	stim__try(sem_init(&w->done, 1, 0));
	w->pid = stim__fork(s, write_in_turns, w);
	stim__own(s, w->pid);
}

static void take_turn(struct writer *w, unsigned good, unsigned bad)
{
	w->good = good;
	w->bad = bad;
	w->told += good + bad;
	stim__try(sem_post(&w->turn));
	wait_sem(&w->done);
}

static void end_turns(struct writer *w)
{
	w->end = true;
	stim__try(sem_post(&w->turn));
	stim__wait(w->pid);
}

/* --- the tools: children of process 1, the guest's agent --- */

/* By hand, on another machine, there are none; then nobody is stopped and nobody is told. */
static pid_t find_tool(bool root)
{
	DIR *proc = getppid() == 1 ? opendir("/proc") : NULL;
	struct dirent *entry;
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc))) {
		char path[64], text[1024] = "", *parent, *uid;
		int fd;

		snprintf(path, sizeof(path), "/proc/%.20s/status", entry->d_name);
		fd = entry->d_name[0] <= '9' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
			continue;
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		close(fd);
		parent = strstr(text, "\nPPid:\t1\n");
		uid = strstr(text, "\nUid:\t0\t");
		if (parent && !uid == !root && atoi(entry->d_name) != getpid())
			found = atoi(entry->d_name);
	}
	if (proc)
		closedir(proc);
	return found;
}

static bool sleeps(pid_t pid)
{
	char path[64], state = 'S';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'S';
	fclose(f);
	return strchr("SZX", state);
}

static void nap(void)
{
	usleep(100);
}

/* Tells BCC's prototype that the interval is over, and waits until it has printed. */
static void end_bcc_interval(pid_t bcc)
{
	int64_t end = now_ms() + 5000;

	if (!bcc || kill(bcc, SIGALRM))
		return;
	do
		nap();
	while (!sleeps(bcc) && now_ms() < end);
}

/* --- a tool, call by call --- */

struct watch {
	pid_t pid; /* 0: there is none, or it is gone */
	int (*before)(struct watch *w, enum bpf_cmd cmd, const union bpf_attr *attr);
	void (*after)(struct watch *w, enum bpf_cmd cmd);
	bool cut;   /* let the tool's wait be over at once */
	int signal; /* or tell it that its wait is over */
	int budget;
	/* within one pass: */
	bool in_bpf, seen;
	enum bpf_cmd cmd;
	int waits, refuse;
};

static bool is_wait(uint64_t nr)
{
	static const int waits[] = { SYS_rt_sigtimedwait, SYS_rt_sigsuspend,   SYS_pause,
				     SYS_nanosleep,	  SYS_clock_nanosleep, SYS_restart_syscall,
				     SYS_select,	  SYS_pselect6,	       SYS_poll,
				     SYS_ppoll,		  SYS_epoll_wait,      SYS_epoll_pwait };

	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		if (nr == (uint64_t)waits[i])
			return true;
	return false;
}

static bool peek(pid_t pid, uint64_t at, void *to, size_t size)
{
	struct iovec here = { to, size }, there = { (void *)(uintptr_t)at, size };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static void poke_register(struct watch *w, bool result, int64_t value)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, w->pid, NULL, &regs))
		return;
	if (result)
		regs.rax = value;
	else
		regs.orig_rax = value;
	ptrace(PTRACE_SETREGS, w->pid, NULL, &regs);
}

/* The call will not be made, and say this error. */
static void refuse(struct watch *w, int err)
{
	w->refuse = err;
	poke_register(w, false, -1);
}

/* Returns false when the tool waits for the next interval. */
static bool enter_call(struct watch *w, uint64_t nr, const uint64_t *arg)
{
	union bpf_attr attr = { 0 };
	int err;

	if (is_wait(nr)) {
		if (w->seen || ++w->waits > 2)
			return false;
		if (w->cut)
			refuse(w, EAGAIN);
	} else if (nr == SYS_bpf &&
		   peek(w->pid, arg[1], &attr, arg[2] < sizeof(attr) ? arg[2] : sizeof(attr))) {
		w->in_bpf = w->seen = true;
		w->cmd = arg[0];
		err = w->before(w, w->cmd, &attr);
		if (err)
			refuse(w, err);
	}
	return true;
}

static void leave_call(struct watch *w)
{
	if (w->refuse)
		poke_register(w, true, -w->refuse);
	else if (w->in_bpf && w->budget-- > 0)
		w->after(w, w->cmd);
	w->in_bpf = false;
	w->refuse = 0;
}

/* Waits until the tool stops. Returns false when it does not, or is gone. */
static bool next_stop(struct watch *w, int64_t end, int *status)
{
	while (now_ms() < end) {
		pid_t got = waitpid(w->pid, status, __WALL | WNOHANG);

		if (got == w->pid && WIFSTOPPED(*status))
			return true;
		if (got) {
			w->pid = 0;
			return false;
		}
		nap();
	}
	return false;
}

static void let_go(struct watch *w)
{
	int status;

	if (!w->pid || !ptrace(PTRACE_DETACH, w->pid, NULL, 0))
		return;
	ptrace(PTRACE_INTERRUPT, w->pid, NULL, 0);
	if (next_stop(w, now_ms() + 1000, &status))
		ptrace(PTRACE_DETACH, w->pid, NULL, 0);
}

/* Sees the tool through one reading of its map, until it waits again. */
static void watch_pass(struct watch *w)
{
	int64_t end = now_ms() + 5000;
	bool more = true;
	int status, told = 0;

	if (!w->pid || ptrace(PTRACE_SEIZE, w->pid, NULL, PTRACE_O_TRACESYSGOOD))
		return;
	ptrace(PTRACE_INTERRUPT, w->pid, NULL, 0);
	w->waits = w->refuse = w->seen = w->in_bpf = 0;
	while (more && next_stop(w, end, &status)) {
		struct __ptrace_syscall_info info = { 0 };
		int sig = status >> 16 ? 0 : WSTOPSIG(status);

		if (told++ == 0 && w->signal)
			kill(w->pid,
			     w->signal); /* not sooner, or its first calls would be missed */
		if (sig == (SIGTRAP | 0x80)) {
			sig = 0;
			ptrace(PTRACE_GET_SYSCALL_INFO, w->pid, sizeof(info), &info);
			if (info.op == PTRACE_SYSCALL_INFO_EXIT)
				leave_call(w);
			else if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
				more = enter_call(w, info.entry.nr, (uint64_t *)info.entry.args);
		}
		if (more)
			ptrace(PTRACE_SYSCALL, w->pid, NULL, sig);
	}
	let_go(w);
}

/* --- pair --- */

enum { WORKERS = 7, CROWD = 71, FEW = 5, PHASES = 5, ENOTSUPP = 524 };

static struct writer *worker; /* WORKERS of them, who take turns */

/* What the kernel of a phase knows. The second phase of a kernel meets what the first one left. */
static const bool has_batches[PHASES] = { true, true }, has_take[PHASES] = { true, true, true };
static int phase;

static uint32_t key_in_use; /* of the tool's call, 0 when it has none */

static int note_key(struct watch *w, enum bpf_cmd cmd, const union bpf_attr *attr)
{
	bool single = cmd == BPF_MAP_LOOKUP_ELEM || cmd == BPF_MAP_DELETE_ELEM ||
		      cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM;

	if (!single || !peek(w->pid, attr->key, &key_in_use, sizeof(key_in_use)))
		key_in_use = 0;
	return 0;
}

static int refuse_new(struct watch *w, enum bpf_cmd cmd, const union bpf_attr *attr)
{
	if (!has_batches[phase] && cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH)
		return EINVAL;
	if (!has_take[phase] && cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM)
		return ENOTSUPP;
	return note_key(w, cmd, attr);
}

/* The worker whose entry the tool has just used, or the next in turn. */
static void write_meanwhile(struct watch *w, enum bpf_cmd cmd __maybe_unused)
{
	int n = w->budget % WORKERS;

	for (int i = 0; i < WORKERS; i++)
		if (worker[i].pid == (pid_t)key_in_use)
			n = i;
	take_turn(&worker[n], n % 2, 1 - n % 2);
}

static unsigned prime(struct stim *s)
{
	static const unsigned primes[] = { 2, 3, 5, 7, 11, 13 };

	return primes[stim__rand(s, ARRAY_SIZE(primes))];
}

/* The next process gets this PID, if it is free. */
static void want_pid(pid_t pid)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", pid - 1);

	if (fd < 0)
		return;
	if (write(fd, text, len) != len)
		fprintf(stderr, "stimulus: a PID that comes again is not tested\n");
	close(fd);
}

static void pair_rows(struct stim *s, const struct writer *w)
{
	const char *thread_ids = "the PID column holds thread IDs: a process has one ID, its "
				 "threads have one each";
	const char *other_calls = "writev() and pwrite64() are counted too: they are calls of "
				  "their own";
	unsigned n = w->good + w->bad;

	stim__row(s, "- %d %u", w->pid, n + w->thread);
	stim__mistake(s, thread_ids);
	stim__row(s, "- %d %u", w->pid, n);
	if (w->thread)
		stim__row(s, "- %d %u", w->tid, w->thread);
	stim__mistake(s, other_calls);
	stim__row(s, "- %d %u", w->pid, n + w->thread + 2 * w->other);
	stim__mistake(s, NULL);
}

/* Processes that are dead when a tool reads what they did. The first takes the PID of another. */
static void run_crowd(struct stim *s, struct writer *w, int nr, pid_t again)
{
	for (int i = 0; i < nr; i++) {
		w[i].good = prime(s);
		w[i].bad = stim__rand(s, 3);
		w[i].other = stim__rand(s, 3);
		w[i].thread = i % 4 ? 0 : prime(s);
		snprintf(w[i].name, NAME_LEN, "writer-%d", i);
		if (!i && again)
			want_pid(again);
		run_writer(s, &w[i]);
		pair_rows(s, &w[i]);
	}
}

/* No interval ends by itself: on a kernel that preempts a reader of maps, calls that others make then
 * are counted by no program at all.
 */
static void ask_for_long_intervals(struct stim *s)
{
	stim__arg(s, "bcc", "86400");
	stim__arg(s, "libbpf", "86400");
}

static void run_phases(struct stim *s, struct writer *crowd)
{
	struct watch bcc = { .pid = find_tool(true), .before = note_key };
	struct watch libbpf = { .pid = find_tool(false), .before = refuse_new };
	pid_t again = 0;

	bcc.cut = libbpf.cut = true;
	bcc.after = libbpf.after = write_meanwhile;
	for (phase = 0; phase < PHASES; phase++) {
		struct writer *w = crowd + phase * CROWD;

		run_crowd(s, w, phase ? FEW : CROWD, again);
		again = w->pid;
		for (int i = 0; i < WORKERS; i++)
			take_turn(&worker[i], prime(s), stim__rand(s, 3));
		bcc.budget = libbpf.budget = 300;
		watch_pass(&bcc);
		watch_pass(&libbpf);
	}
}

static void run_pair(struct stim *s)
{
	struct writer *crowd = share(PHASES * CROWD * sizeof(*crowd));

	worker = share(WORKERS * sizeof(*worker));
	for (int i = 0; i < WORKERS; i++) {
		snprintf(worker[i].name, NAME_LEN, "worker-%d", i);
		start_turns(s, &worker[i]);
	}
	run_phases(s, crowd);
	for (int i = 0; i < WORKERS; i++) {
		take_turn(&worker[i], prime(s), 0);
		end_turns(&worker[i]);
		worker[i].good = worker[i].told;
		worker[i].bad = 0;
		pair_rows(s, &worker[i]);
	}
	munmap(crowd, PHASES * CROWD * sizeof(*crowd));
	munmap(worker, WORKERS * sizeof(*worker));
}

const struct test_case pair = {
	.columns = "TIME PID COUNT",
	.own = "PID",
	.mask = "TIME",
	.sum = "COUNT",
	.setup = ask_for_long_intervals,
	.run = run_pair,
	.needs = {
		{ "program * section=ksyscall/write *", "a program at write(), by its system call name" },
		{ "map * type=hash key=4 value=8 *", "a hash map from process IDs to counts" },
	},
};

/* --- exercise --- */

/* The map is full to its last entry in the first interval, and with other processes nearly so in the
 * second. After a quiet one, there is only one process, and nobody in the last but one.
 */
enum { MAX_WRITERS = 64, TOP = 10, TABLES = 5, FIRST_TIE = 3, LAST_TIE = 14 };

static const int nr_once[TABLES] = { MAX_WRITERS - 2, MAX_WRITERS - 3, 2, 0, 5 };
static const bool steady_writes[TABLES] = { true, true, true, false, true };

static struct plan {
	struct writer once[TABLES][MAX_WRITERS];
	struct writer steady; /* writes in several intervals */
	struct writer giant;  /* always has the most calls, and writes while the tool reads */
	unsigned steady_calls[TABLES], giant_calls[TABLES];
	unsigned meanwhile[TABLES]; /* the giant's calls after something was taken */
	unsigned missed[TABLES];    /* its calls before something was deleted that had been read */
	int table;
} * plan;

enum { MISSED = 3 };

static bool has_key(struct watch *w, uint64_t keys, uint32_t nr, uint32_t key)
{
	uint32_t some;

	for (uint32_t i = 0; i < nr && i < 2 * MAX_WRITERS; i++)
		if (peek(w->pid, keys + i * sizeof(some), &some, sizeof(some)) && some == key)
			return true;
	return false;
}

/* What was read and is deleted now has changed in between. */
static int write_before(struct watch *w, enum bpf_cmd cmd, const union bpf_attr *attr)
{
	bool deletes = (cmd == BPF_MAP_DELETE_ELEM && has_key(w, attr->key, 1, plan->giant.pid)) ||
		       (cmd == BPF_MAP_DELETE_BATCH &&
			has_key(w, attr->batch.keys, attr->batch.count, plan->giant.pid));

	if (deletes && w->budget-- > 0) {
		take_turn(&plan->giant, 0, MISSED);
		plan->missed[plan->table] += MISSED;
	}
	return 0;
}

static void write_after(struct watch *w __maybe_unused, enum bpf_cmd cmd)
{
	if (cmd != BPF_MAP_LOOKUP_AND_DELETE_ELEM && cmd != BPF_MAP_LOOKUP_AND_DELETE_BATCH)
		return;
	take_turn(&plan->giant, 1, 0);
	plan->meanwhile[plan->table]++;
}

/* Some with many calls; then those with the same number on both sides of the tenth row, several before it, lest
 * their order is right by chance; the rest with few. Their PIDs are in another order.
 */
static void plan_table(struct stim *s, int table)
{
	struct writer *w = plan->once[table];
	int nr = nr_once[table], order[MAX_WRITERS];

	for (int i = 0; i < nr; i++) {
		int k = stim__rand(s, i + 1);

		order[i] = order[k];
		order[k] = i;
	}
	for (int i = 0; i < nr; i++) {
		unsigned calls = order[i] < FIRST_TIE
					 ? 40 + 7 * (order[i] / 2 * 2) + stim__rand(s, 3)
				 : order[i] <= LAST_TIE ? 31
							: 1 + stim__rand(s, 30);

		if (order[i] == 1)
			calls = 83;
		w[i].as_user = true;
		w[i].bad = stim__rand(s, calls);
		w[i].thread = order[i] % 3 == 0 ? stim__rand(s, calls - w[i].bad + 1) : 0;
		w[i].good = calls - w[i].bad - w[i].thread;
		w[i].other = stim__rand(s, 60);
		snprintf(w[i].name, NAME_LEN, "w%d %d", table, i);
	}
	plan->steady_calls[table] = steady_writes[table] ? 31 + 2 * stim__rand(s, 12) : 0;
	plan->giant_calls[table] = nr ? 101 + stim__rand(s, 50) : 0;
}

/* What a program shows of an interval: the right rows, or some of them wrong. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool tid, only_good, other_calls, least_first, high_pid_first, by_pid, all, keeps, misses,
		no_last;
};

static const struct view views[] = {
	{ .sentence = NULL },
	{ .sentence = "calls are lost that come between the reading and the deleting of an entry: "
		      "take it in one step",
	  .misses = true },
	{ .sentence = "rows count from the tool's start, and the map fills up: an entry that was "
		      "read has to leave the map",
	  .keeps = true },
	{ .sentence = "the processes with the fewest calls are shown, not those with the most",
	  .least_first = true },
	{ .sentence = "of processes with the same number of calls, the one with the lower PID "
		      "comes first",
	  .high_pid_first = true },
	{ .sentence = "rows are in the order of their PIDs, not of their calls", .by_pid = true },
	{ .sentence = "there are more than ten rows in a table", .all = true },
	{ .sentence = "the last table is missing: an interval also ends when the tool does",
	  .no_last = true },
	{ .sentence = "the PID column holds thread IDs: a process has one ID, its threads have one "
		      "each",
	  .tid = true },
	{ .sentence = "calls that fail are missing: a call counts when it starts",
	  .only_good = true },
	{ .sentence = "writev() and pwrite64() are counted too: they are calls of their own",
	  .other_calls = true },
};

struct entry {
	pid_t pid;
	unsigned calls;
	const char *name;
};

struct map {
	const struct view *view;
	struct entry entry[4 * MAX_WRITERS];
	int nr;
};

static void add_calls(struct map *map, pid_t pid, const char *name, unsigned calls)
{
	int i = 0;

	while (i < map->nr && map->entry[i].pid != pid)
		i++;
	if (!calls || (i == MAX_WRITERS && map->view->keeps))
		return;
	if (i == map->nr)
		map->entry[map->nr++] = (struct entry){ pid, 0, name };
	map->entry[i].calls += calls;
}

static void add_writer(struct map *map, const struct writer *w)
{
	const struct view *v = map->view;
	unsigned calls =
		w->good + (v->only_good ? 0 : w->bad) + (v->other_calls ? 2 * w->other : 0);

	add_calls(map, w->pid, w->name, calls);
	add_calls(map, v->tid && w->tid ? w->tid : w->pid, w->name, w->thread);
}

static const struct view *sort_view;

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = x->calls > y->calls ? -1 : x->calls < y->calls;

	if (sort_view->by_pid)
		order = 0;
	if (order)
		return sort_view->least_first ? -order : order;
	order = x->pid < y->pid ? -1 : 1;
	return sort_view->high_pid_first ? -order : order;
}

static void table_rows(struct stim *s, struct map *map)
{
	struct entry sorted[ARRAY_SIZE(map->entry)];

	memcpy(sorted, map->entry, sizeof(sorted));
	sort_view = map->view;
	qsort(sorted, map->nr, sizeof(*sorted), compare_entries);
	for (int i = 0; i < map->nr && (i < TOP || map->view->all); i++)
		stim__row(s, "%d %d %u %s", i + 1, sorted[i].pid, sorted[i].calls, sorted[i].name);
}

/* What the giant does while the tool reads comes into the next table, here and for most programs. It
 * has rank 1 in either, so that the sums of its rows are the same.
 */
static void view_rows(struct stim *s, const struct view *view)
{
	struct map map = { .view = view };
	const struct writer *giant = &plan->giant, *steady = &plan->steady;

	stim__mistake(s, view->sentence);
	for (int t = 0; t < TABLES - view->no_last; t++) {
		if (t && !view->misses)
			add_calls(&map, giant->pid, giant->name, plan->missed[t - 1]);
		if (t)
			add_calls(&map, giant->pid, giant->name, plan->meanwhile[t - 1]);
		add_calls(&map, giant->pid, giant->name, plan->giant_calls[t]);
		add_calls(&map, steady->pid, steady->name, plan->steady_calls[t]);
		for (int i = 0; i < nr_once[t]; i++)
			add_writer(&map, &plan->once[t][i]);
		table_rows(s, &map);
		if (!view->keeps)
			map.nr = 0;
	}
}

static void make_plan(struct stim *s)
{
	static const char *const tools[] = { "bcc", "libbpf" };

	plan = share(sizeof(*plan));
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		stim__arg(s, tools[i], "--uid=%d", UID);
		stim__arg(s, tools[i], "86400");
	}
}

static void start_steady(struct stim *s, struct writer *w, const char *name)
{
	w->as_user = true;
	strcpy(w->name, name);
	start_turns(s, w);
}

static void run_exercise(struct stim *s)
{
	struct watch watch = { .pid = find_tool(false),
			       .before = write_before,
			       .after = write_after,
			       .signal = SIGALRM };
	pid_t bcc = find_tool(true);

	for (int t = 0; t < TABLES; t++)
		plan_table(s, t);
	start_steady(s, &plan->giant, "giant");
	start_steady(s, &plan->steady, "");
	for (int t = 0; t < TABLES; t++) {
		plan->table = t;
		for (int i = 0; i < nr_once[t]; i++)
			run_writer(s, &plan->once[t][i]);
		take_turn(&plan->steady, plan->steady_calls[t], 0);
		take_turn(&plan->giant, plan->giant_calls[t], 0);
		if (t == TABLES - 1)
			break; /* the last table comes with SIGINT */
		end_bcc_interval(bcc);
		watch.budget = 100;
		watch_pass(&watch);
	}
	end_turns(&plan->giant);
	end_turns(&plan->steady);
	for (size_t v = 0; v < ARRAY_SIZE(views); v++) {
		bool missed = false;

		for (int t = 0; t < TABLES; t++)
			missed |= plan->missed[t];
		if (!views[v].misses || missed)
			view_rows(s, &views[v]);
	}
}

const struct test_case exercise = {
	.columns = "RANK PID CALLS COMM",
	.own = "PID",
	.sum = "CALLS",
	.setup = make_plan,
	.run = run_exercise,
	.needs = {
		{ "program * section=ksyscall/write *", "a program at write(), by its system call name" },
		{ "map * type=hash key=4 * max_entries=64 *",
		  "a hash map from process IDs, with room for 64 of them" },
		{ "!map * type=ringbuf *", "no ring buffer: the map holds what is shown" },
		{ "!map * type=perf_event_array *", "no perf buffer: the map holds what is shown" },
	},
};
