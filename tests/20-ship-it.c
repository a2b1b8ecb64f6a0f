// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 20. Pair: processes and threads that each process starts, on a kernel that hides its types.
 * Exercise: processes that each process starts, and how many of them fail. The libbpf tool of either
 * goes away and comes back.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sched.h> /* struct clone_args */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"

/* --- both cases --- */

#define PIN_DIR "/sys/fs/bpf/workbook"

enum { NOBODY = 65534 }; /* the user that the libbpf tool runs as */

/* The tool is attached for the first time; has gone; is back. */
enum { BEFORE, AWAY, AFTER, PHASES };

/* Who works when; the first one only makes calls that fail. */
static const bool works[][PHASES] = {
	{ false, false, false }, { true, false, false }, { false, true, false },
	{ false, false, true },	 { true, true, true },	 { true, true, true },
};
enum { WORKERS = ARRAY_SIZE(works) };

struct worker {
	sem_t go, done;
	pid_t pid;
	unsigned bad[PHASES]; /* calls that start nothing */
	/* pair: */
	unsigned processes[PHASES]; /* of each kind */
	unsigned threads[PHASES];
	/* exercise: */
	unsigned good[PHASES];		  /* processes that end well */
	unsigned failing[PHASES][PHASES]; /* that begin in one phase, and fail in this or another */
	pid_t waiting[PHASES][PHASES][16];
};

static struct stim *stim; /* for stim__fork(), by whoever forks */

static unsigned prime(struct stim *s)
{
	static const unsigned primes[] = { 2, 3, 5, 7, 11, 13 };

	return primes[stim__rand(s, ARRAY_SIZE(primes))];
}

static void take(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			stim__fail("sem_wait: %s", strerror(errno));
}

/* A folder for pins that the tool may write to. */
static void make_pin_dir(struct stim *s)
{
	if (mkdir(PIN_DIR, 0700) && errno != EEXIST)
		stim__fail("%s: %s", PIN_DIR, strerror(errno));
	stim__try(chown(PIN_DIR, NOBODY, NOBODY));
	stim__arg(s, "libbpf", "--pin");
	stim__arg(s, "libbpf", PIN_DIR);
}

/* There is no thread without the process's signal handlers. */
static void start_nothing(unsigned n)
{
	while (n--)
		if (syscall(SYS_clone, CLONE_THREAD, NULL, NULL, NULL, 0) != -1)
			stim__fail("clone: bad flags were not refused");
}

/* --- what is in the folder, which no row shows --- */

/* What the tool is asked to pin. */
struct pin {
	const char *name, *kind;
	unsigned id; /* of what the first run has left there; 0: nothing */
};

/* The ID of what is pinned; 0 where nothing is, or something of another kind. */
static unsigned pinned_id(const struct pin *pin)
{
	union bpf_attr attr = { 0 };
	char path[64], line[128], key[16];
	unsigned id = 0;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), PIN_DIR "/%s", pin->name);
	attr.pathname = (uintptr_t)path;
	fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (!f)
		stim__fail("%s: %s", path, strerror(errno));
	snprintf(key, sizeof(key), "%s_id: %%u", pin->kind);
	while (fgets(line, sizeof(line), f) && sscanf(line, key, &id) != 1)
		;
	fclose(f);
	close(fd);
	return id;
}

static bool is_asked_for(const char *name, const struct pin *pins)
{
	for (; pins->name; pins++)
		if (!strcmp(name, pins->name))
			return true;
	return false;
}

static void look_for_strays(struct stim *s, const struct pin *pins)
{
	DIR *dir = stim__try(opendir(PIN_DIR) ?: (DIR *)-1);
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !is_asked_for(entry->d_name, pins))
			stim__fault(
				s,
				"after the first run, DIR holds `%s`, which nobody has asked for: "
				"--unpin does not remove it",
				entry->d_name);
	closedir(dir);
}

static void look_at_pins(struct stim *s, struct pin *pins)
{
	for (struct pin *pin = pins; pin->name; pin++) {
		pin->id = pinned_id(pin);
		if (!pin->id)
			stim__fault(s, "after the first run, DIR lacks the %s `%s`", pin->kind,
				    pin->name);
	}
	look_for_strays(s, pins);
}

static void compare_pins(struct stim *s, const struct pin *pins)
{
	for (; pins->name; pins++)
		if (pins->id && pinned_id(pins) != pins->id)
			stim__fault(
				s,
				"the second run has not left the %s `%s` in DIR as it was: what "
				"happens between taking one away and putting another there is "
				"missed",
				pins->kind, pins->name);
}

/* --- both cases: the run --- */

static void run_phase(struct worker *w)
{
	for (int i = 0; i < WORKERS; i++) {
		stim__try(sem_post(&w[i].go));
		take(&w[i].done);
	}
}

/* The events, in the course of which the tool goes and comes. */
static struct worker *run_workers(struct stim *s, void (*plan)(struct stim *, struct worker *, int),
				  void (*work)(void *), struct pin *pins)
{
	struct worker *w = stim__try(mmap(NULL, WORKERS * sizeof(*w), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0));

	stim = s;
	for (int i = 0; i < WORKERS; i++) {
		stim__try(sem_init(&w[i].go, 1, 0));
		stim__try(sem_init(&w[i].done, 1, 0));
		for (int phase = 0; phase < PHASES; phase++) {
			w[i].bad[phase] = 1 + stim__rand(s, 3);
			if (works[i][phase])
				plan(s, &w[i], phase);
		}
		w[i].pid = stim__fork(s, work, &w[i]);
		stim__own(s, w[i].pid);
	}
	run_phase(w);
	stim__end_libbpf();
	look_at_pins(s, pins);
	run_phase(w);
	stim__start_libbpf();
	compare_pins(s, pins);
	run_phase(w);
	for (int i = 0; i < WORKERS; i++)
		stim__wait(w[i].pid);
	return w;
}

/* --- pair: processes and threads --- */

enum { PROCESS_KINDS = 4 };

/* Called in the parent and in the child, which ends here. */
static void child(pid_t pid)
{
	if (!pid)
		_exit(0);
	stim__wait(pid);
}

static void start_process_of_each_kind(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	child(stim__try(fork()));
	child(stim__try(vfork()));
	child(stim__try(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)));
	child(stim__try(syscall(SYS_clone3, &args, sizeof(args))));
}

/* A thread that starts a process: whose, if not its process's? */
static void *fork_in_thread(void *arg __maybe_unused)
{
	child(stim__try(fork()));
	return NULL;
}

static void start_thread(void)
{
	pthread_t id;
	int err = pthread_create(&id, NULL, fork_in_thread, NULL);

	if (err)
		stim__fail("pthread_create: %s", strerror(err));
	pthread_join(id, NULL);
}

static void start_tasks(void *arg)
{
	struct worker *w = arg;

	for (int phase = 0; phase < PHASES; phase++) {
		take(&w->go);
		start_nothing(w->bad[phase]);
		for (unsigned i = 0; i < w->processes[phase]; i++)
			start_process_of_each_kind();
		for (unsigned i = 0; i < w->threads[phase]; i++)
			start_thread();
		stim__try(sem_post(&w->done));
	}
}

static void plan_tasks(struct stim *s, struct worker *w, int phase)
{
	w->processes[phase] = prime(s);
	w->threads[phase] = prime(s);
}

/* How often what happens in each phase is counted; NULL: as it must be. */
static const struct {
	const char *sentence;
	unsigned times[PHASES];
} pair_views[] = {
	{ NULL, { 1, 1, 1 } },
	{ "what happened while the tool was away is missing: its link is not pinned", { 1, 0, 1 } },
	{ "only the second run is there: its map is another one", { 0, 0, 1 } },
	{ "the second run counts twice: the pinned program still runs, and one more", { 1, 1, 2 } },
};

static void run_pair(struct stim *s)
{
	struct pin pins[] = {
		{ "link", "link", 0 }, { "counts", "map", 0 }, { "bss", "map", 0 }, { 0 }
	};
	struct worker *w = run_workers(s, plan_tasks, start_tasks, pins);

	for (size_t v = 0; v < ARRAY_SIZE(pair_views); v++) {
		stim__mistake(s, pair_views[v].sentence);
		for (int i = 0; i < WORKERS; i++) {
			unsigned processes = 0, threads = 0;

			for (int phase = 0; phase < PHASES; phase++) {
				unsigned times = pair_views[v].times[phase];

				processes += times * (PROCESS_KINDS * w[i].processes[phase] +
						      w[i].threads[phase]);
				threads += times * w[i].threads[phase];
			}
			if (processes)
				stim__row(s, "%d %u %u", w[i].pid, processes, threads);
		}
	}
}

static void set_up_pair(struct stim *s)
{
	make_pin_dir(s);
	stim__hide_btf();
}

/* --- exercise: processes that fail --- */

static void end_well(void *arg __maybe_unused)
{
}

static void fail(void *arg)
{
	_exit(1 + (size_t)arg % 100);
}

static void wait_for_kill(void *arg __maybe_unused)
{
	for (;;)
		pause();
}

static void wait_for_end(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			stim__fail("waitpid: %s", strerror(errno));
}

static void start_processes(struct worker *w, int phase)
{
	for (unsigned i = 0; i < w->good[phase]; i++)
		stim__wait(stim__fork(stim, end_well, NULL));
	for (size_t i = 0; i < w->failing[phase][phase]; i++)
		wait_for_end(stim__fork(stim, fail, (void *)i));
	for (int end = phase + 1; end < PHASES; end++)
		for (unsigned i = 0; i < w->failing[phase][end]; i++)
			w->waiting[phase][end][i] = stim__fork(stim, wait_for_kill, NULL);
}

static void end_processes(struct worker *w, int phase)
{
	for (int begin = 0; begin < phase; begin++) {
		for (unsigned i = 0; i < w->failing[begin][phase]; i++) {
			stim__try(kill(w->waiting[begin][phase][i], SIGKILL));
			wait_for_end(w->waiting[begin][phase][i]);
		}
	}
}

static void *no_work(void *arg __maybe_unused)
{
	return NULL;
}

static void supervise(void *arg)
{
	struct worker *w = arg;

	for (int phase = 0; phase < PHASES; phase++) {
		pthread_t id;

		take(&w->go);
		start_nothing(w->bad[phase]);
		start_processes(w, phase);
		if (!pthread_create(&id, NULL, no_work, NULL)) /* no process, no row */
			pthread_join(id, NULL);
		end_processes(w, phase);
		stim__try(sem_post(&w->done));
	}
}

static void plan_processes(struct stim *s, struct worker *w, int phase)
{
	w->good[phase] = stim__rand(s, 4);
	for (int end = phase; end < PHASES; end++)
		w->failing[phase][end] = prime(s);
}

/* How often a process is counted that begins in each phase; that begins in one and fails in another. */
struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	unsigned began[PHASES];
	unsigned failed[PHASES][PHASES];
};

static const struct view views[] = {
	{ NULL, { 1, 1, 1 }, { { 1, 1, 1 }, { 0, 1, 1 }, { 0, 0, 1 } } },
	{ "only what happened in the second run is there: it began with an empty map. What the "
	  "first run has pinned must be there at its end, and the second must find it",
	  { 0, 0, 1 },
	  { { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 1 } } },
	{ "only what happened in the first run is there: nothing is attached any more. A process "
	  "that "
	  "stays behind is killed, and what it held goes with it; a pin is held by the kernel",
	  { 1, 0, 0 },
	  { { 1, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 } } },
	{ "what happened while the tool was away is missing: the counts were kept, but nothing was "
	  "attached; a map's pin keeps the map, a link's pin keeps the program at its hook",
	  { 1, 0, 1 },
	  { { 1, 0, 0 }, { 0, 0, 0 }, { 0, 0, 1 } } },
	{ "what happened while the tool was away is missing: the maps were kept, but nothing was "
	  "attached; a map's pin keeps the map, a link's pin keeps the program at its hook",
	  { 1, 0, 1 },
	  { { 1, 0, 1 }, { 0, 0, 0 }, { 0, 0, 1 } } },
	{ "FAILED stopped when the tool went away: there are two links, and only that of "
	  "sched_process_fork stayed",
	  { 1, 1, 1 },
	  { { 1, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 } } },
	{ "FAILED lacks what ended while the tool was away: there are two links, and only that of "
	  "sched_process_fork stayed",
	  { 1, 1, 1 },
	  { { 1, 0, 1 }, { 0, 0, 1 }, { 0, 0, 1 } } },
	{ "STARTED lacks what began while the tool was away, FAILED what began since: there are "
	  "two "
	  "links, and only that of sched_process_exit stayed",
	  { 1, 0, 1 },
	  { { 1, 1, 1 }, { 0, 0, 0 }, { 0, 0, 0 } } },
	{ "STARTED lacks what began while the tool was away: there are two links, and only that of "
	  "sched_process_exit stayed",
	  { 1, 0, 1 },
	  { { 1, 1, 1 }, { 0, 0, 0 }, { 0, 0, 1 } } },
	{ "what happened in the second run is counted twice: the pinned programs were running "
	  "still, and the tool attached two more",
	  { 1, 1, 2 },
	  { { 1, 1, 1 }, { 0, 1, 1 }, { 0, 0, 2 } } },
	{ "what began in the second run is counted twice: the pinned programs were running still, "
	  "and the tool attached two more",
	  { 1, 1, 2 },
	  { { 1, 1, 1 }, { 0, 1, 1 }, { 0, 0, 1 } } },
	{ "FAILED lacks processes that were started before the tool came back: new programs have "
	  "taken over, with another map `starters`",
	  { 1, 1, 1 },
	  { { 1, 1, 0 }, { 0, 1, 0 }, { 0, 0, 1 } } },
	{ "what happened in the first run is counted twice: the pinned map holds it already",
	  { 2, 1, 1 },
	  { { 2, 1, 1 }, { 0, 1, 1 }, { 0, 0, 1 } } },
	{ "there is no row: the pinned programs count into the map that they were loaded with, and "
	  "the second run reads another one",
	  { 0 },
	  { { 0 } } },
};

static void process_rows(struct stim *s, const struct view *v, const struct worker *w)
{
	unsigned started = 0, failed = 0;

	for (int begin = 0; begin < PHASES; begin++) {
		unsigned began = w->good[begin];

		for (int end = begin; end < PHASES; end++) {
			began += w->failing[begin][end];
			failed += v->failed[begin][end] * w->failing[begin][end];
		}
		started += v->began[begin] * began;
	}
	if (started)
		stim__row(s, "%d %u %u", w->pid, started, failed);
}

static void run_exercise(struct stim *s)
{
	struct pin pins[] = {
		{ "count_start", "link", 0 }, { "count_end", "link", 0 }, { "counts", "map", 0 },
		{ "starters", "map", 0 },     { "bss", "map", 0 },	  { 0 },
	};
	struct worker *w = run_workers(s, plan_processes, supervise, pins);

	for (size_t v = 0; v < ARRAY_SIZE(views); v++) {
		stim__mistake(s, views[v].sentence);
		for (int i = 0; i < WORKERS; i++)
			process_rows(s, &views[v], &w[i]);
	}
}

const struct test_case pair = {
	.columns = "PID PROCESSES THREADS",
	.own = "PID",
	.setup = set_up_pair,
	.run = run_pair,
	.needs = {
		{ "program * section=raw_tp/sched_process_fork type=raw_tracepoint *",
		  "a raw_tp program at sched_process_fork" },
		{ "relocation * byte_off task_struct.tgid", "a read of task_struct.tgid" },
	},
};

const struct test_case exercise = {
	.columns = "PID STARTED FAILED",
	.own = "PID",
	.setup = make_pin_dir,
	.run = run_exercise,
	.needs = {
		{ "program * section=raw_tp/sched_process_fork type=raw_tracepoint *",
		  "a raw_tp program at sched_process_fork" },
		{ "program * section=raw_tp/sched_process_exit type=raw_tracepoint *",
		  "a raw_tp program at sched_process_exit" },
		{ "map counts type=hash *", "the hash map `counts`" },
	},
};
