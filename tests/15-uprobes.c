// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 15. Pair: calls of visit(), a function of this program that calls itself, and their results.
 * Exercise: orders of a shop, from its USDT probes. Each tool has a shop of its own, in a file of
 * its own, so that none opens the probes for the other one.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#include "harness.h"

/* --- both cases --- */

static const int primes[] = { 17, 19, 23, 29, 31 };

static void *share(size_t size)
{
	return stim__try(
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static void set_paths(struct stim *s)
{
	char path[PATH_MAX];
	ssize_t len = stim__try(readlink("/proc/self/exe", path, sizeof(path)));

	stim__arg(s, "bcc", "%.*s", (int)len, path);
	stim__arg(s, "libbpf", "%.*s", (int)len, path);
}

static void run_thread(void *(*fn)(void *), void *arg, pthread_t *id)
{
	int err = pthread_create(id, NULL, fn, arg);

	if (err)
		stim__fail("pthread_create: %s", strerror(err));
}

/* --- pair: calls of visit() --- */

enum {
	WORKERS = 3,
	NAME_SIZE = 96, /* of which the tools show NAME_SHOWN - 1 */
	NAME_SHOWN = 44,
	NESTED_RETURNS = 64, /* MAX_URETPROBE_DEPTH: deeper ones return unseen */
};

enum {
	PLAIN,
	NESTED,
	DEEP,	   /* deeper than returns are watched */
	JUMP,	   /* from the bottom straight back to the first call */
	RENAME,	   /* the name is changed before the call ends */
	UNTOUCHED, /* nobody has looked at the name's page yet */
	NO_NAME,
	FORK, /* who began the call is not the only one to leave it */
	THREAD,
	MEET, /* two threads within the function at the same time */
	MEET_TOO,
	PAIR_KINDS
};

struct visit {
	int kind;
	int nr;	    /* calls within each other */
	int level;  /* of the first one */
	int result; /* of the first one; each further one has the next lower number */
	pid_t tid;
	char name[NAME_SIZE];
	jmp_buf back;
	pthread_barrier_t *both;
};

struct worker {
	pid_t pid;
	int nr;
	struct visit visit[2 * PAIR_KINDS + 31];
};

static struct worker *workers; /* shared with the workers */
static pid_t left_by;	       /* a child that leaves visit() as well */

static void reach_bottom(char *name, struct visit *v)
{
	if (v->kind == JUMP)
		longjmp(v->back, 1);
	if (v->kind == RENAME)
		memset(name, 'x', 3);
	if (v->kind == MEET || v->kind == MEET_TOO)
		pthread_barrier_wait(v->both);
	if (v->kind == FORK)
		left_by = stim__try(fork());
}

/* What the tools watch: a function as others are, which the compiler must leave as it is. */
__attribute__((noipa)) int visit(char *name, int level, struct visit *v);

int visit(char *name, int level, struct visit *v)
{
	int below = level - v->level + 1;

	if (below == v->nr)
		reach_bottom(name, v);
	else if (v->kind != JUMP || below > 1 || !setjmp(v->back))
		visit(name, level + 1, v);
	return v->result - (level - v->level);
}

/* A page of a file, which is not mapped before it is touched. */
static char *untouched_page(const char *text)
{
	char path[] = "/tmp/stimulus-XXXXXX", *page;
	int fd = stim__try(mkstemp(path));

	stim__try(write(fd, text, strlen(text) + 1));
	page = stim__try(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	stim__try(unlink(path));
	close(fd);
	return page;
}

static void *begin_visit(void *arg)
{
	struct visit *v = arg;
	char name[NAME_SIZE], *page;

	v->tid = syscall(SYS_gettid);
	strcpy(name, v->name);
	if (v->kind == NO_NAME) {
		visit(NULL, v->level, v);
	} else if (v->kind == UNTOUCHED) {
		page = untouched_page(v->name);
		visit(page, v->level, v);
		stim__try(munmap(page, 4096));
	} else {
		visit(name, v->level, v);
	}
	return NULL;
}

static void meet(struct visit *v)
{
	pthread_barrier_t both;
	pthread_t id[2];

	pthread_barrier_init(&both, NULL, 2);
	for (int i = 0; i < 2; i++) {
		v[i].both = &both;
		run_thread(begin_visit, &v[i], &id[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(id[i], NULL);
	pthread_barrier_destroy(&both);
}

static void make_visits(void *arg)
{
	struct worker *w = arg;
	pthread_t id;

	for (struct visit *v = w->visit; v < w->visit + w->nr; v++) {
		left_by = -1;
		if (v->kind == THREAD) {
			run_thread(begin_visit, v, &id);
			pthread_join(id, NULL);
		} else if (v->kind == MEET) {
			meet(v);
		} else if (v->kind != MEET_TOO) {
			begin_visit(v);
		}
		if (!left_by)
			_exit(0);
		if (left_by > 0)
			stim__wait(left_by);
	}
}

static void plan_visits(struct stim *s, struct worker *w, int nr)
{
	static const char *const names[] = {
		"/srv",
		"",
		"a report of 2024",
		"forty-three-bytes-are-shown-of-longer-names", /* and just these of this one */
		"forty-four-bytes-are-one-more-than-are-shown",
		"/a/path/that/is/much/longer/than/what/the/tools/have/room/for/in/their/notes/and/"
		"rows",
	};
	int first = stim__rand(s, PAIR_KINDS);

	for (int i = 0; i < nr || w->visit[i - 1].kind == MEET; i++) {
		struct visit *v = &w->visit[i];

		v->kind = (first + i) % PAIR_KINDS;
		v->nr = v->kind == PLAIN ? 1 : v->kind == DEEP ? NESTED_RETURNS + 6 : 2;
		v->nr += v->kind == PLAIN ? 0 : stim__rand(s, 4);
		v->level = (int)stim__rand(s, 200) - 100;
		v->result = (int)stim__rand(s, 0x20000) - 0x10000;
		strcpy(v->name, names[stim__rand(s, ARRAY_SIZE(names))]);
		if (v->kind == RENAME || v->kind == UNTOUCHED)
			strcpy(v->name, names[0]);
		w->nr = i + 1;
	}
	if (w->visit[0].kind == MEET_TOO)
		w->visit[0].kind = PLAIN;
}

static void visit_rows(struct stim *s, const struct worker *w, const struct visit *v)
{
	bool unread = v->kind == NO_NAME || v->kind == UNTOUCHED;

	for (int i = 0; i < v->nr; i++) {
		bool unseen = (v->kind == JUMP && i) || i >= NESTED_RETURNS;
		char result[16] = "?";

		if (!unseen)
			snprintf(result, sizeof(result), "%d", v->result - i);
		stim__row(s, "%d %d %d %s %.*s", w->pid, v->tid, v->level + i, result,
			  unread ? 0 : NAME_SHOWN - 1, v->name);
	}
}

static void run_pair(struct stim *s)
{
	workers = share(WORKERS * sizeof(*workers));
	for (int i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		plan_visits(s, w, primes[stim__rand(s, ARRAY_SIZE(primes))]);
		w->pid = stim__fork(s, make_visits, w);
		stim__own(s, w->pid);
		stim__wait(w->pid);
	}
	for (int i = 0; i < WORKERS; i++)
		for (int k = 0; k < workers[i].nr; k++)
			visit_rows(s, &workers[i], &workers[i].visit[k]);
}

const struct test_case pair = {
	.columns = "PID TID LEVEL RESULT NAME",
	.own = "PID",
	.setup = set_paths,
	.run = run_pair,
	.needs = {
		{ "program * section=uprobe type=kprobe *", "a program at the function's start" },
		{ "program * section=uretprobe type=kprobe *", "a program at its end" },
	},
};

/* --- exercise: orders of a shop --- */

enum { MAX_ORDERS = 64, MAX_EVENTS = 256, ITEM_SIZE = 96, ITEM_SHOWN = 36 };

/* Of orders that are known when the shop is compiled. */
#define EXPRESS_ID     -7
#define EXPRESS_SHELF  40001
#define EXPRESS_AMOUNT -1995L /* BCC 0.18 cuts constants to 32 bits */

/* Where the compiler finds what it hands to a probe. */
enum way { FROM_REGISTERS, FROM_MEMORY, FROM_CONSTANTS, WAYS };

struct order {
	int id;
	unsigned short shelf;
	int status;
	long amount;
	const char *item; /* of the copy that a shop makes */
	enum way way;
	bool nameless; /* item is NULL */
};

struct shop_event {
	bool end;
	bool thread; /* in a thread of its own */
	int order;
};

static struct plan {
	int nr_orders, nr_events;
	struct order order[MAX_ORDERS];
	char item[MAX_ORDERS][ITEM_SIZE];
	struct shop_event event[MAX_EVENTS];
} * shop; /* shared with the shops' processes */

/* Not 0 while somebody watches. */
unsigned short shop_begin_semaphore __attribute__((section(".probes")));
unsigned short shop_end_semaphore __attribute__((section(".probes")));

static bool is_watched(const volatile unsigned short *semaphore)
{
	return *semaphore;
}

/* Each caller has a copy of the probe, and its arguments where it has them. */
static inline __attribute__((always_inline)) void begin(int id, unsigned short shelf,
							const char *item)
{
	if (is_watched(&shop_begin_semaphore))
		DTRACE_PROBE3(shop, begin, id, shelf, item);
}

static inline __attribute__((always_inline)) void end(int id, long amount, int status)
{
	if (is_watched(&shop_end_semaphore))
		DTRACE_PROBE3(shop, end, id, amount, status);
}

static __attribute__((noipa)) void begin_from_registers(const char *item, unsigned short shelf,
							int id)
{
	begin(id, shelf, item);
}

static __attribute__((noipa)) void begin_from_memory(const struct order *o)
{
	begin(o->id, o->shelf, o->item);
}

static __attribute__((noipa)) void begin_express(const char *item)
{
	begin(EXPRESS_ID, EXPRESS_SHELF, item);
}

static __attribute__((noipa)) void end_from_registers(int id, int status, long amount)
{
	end(id, amount, status);
}

static __attribute__((noipa)) void end_from_memory(const struct order *o)
{
	end(o->id, o->amount, o->status);
}

static __attribute__((noipa)) void end_express(int status)
{
	end(EXPRESS_ID, EXPRESS_AMOUNT, status);
}

#define GONE "(gone)"

static void *make_event(void *arg)
{
	const struct shop_event *e = arg;
	struct order o = shop->order[e->order];
	static char item[ITEM_SIZE]; /* which is in memory, and soon something else's */

	strcpy(item, e->end ? GONE : shop->item[e->order]);
	o.item = o.nameless ? NULL : item;
	if (o.way == FROM_REGISTERS && e->end)
		end_from_registers(o.id, o.status, o.amount);
	else if (o.way == FROM_REGISTERS)
		begin_from_registers(o.item, o.shelf, o.id);
	else if (o.way == FROM_MEMORY && e->end)
		end_from_memory(&o);
	else if (o.way == FROM_MEMORY)
		begin_from_memory(&o);
	else if (e->end)
		end_express(o.status);
	else
		begin_express(o.item);
	strcpy(item, GONE);
	return NULL;
}

/* A shop is a program of its own: a copy of this file, in the tool's folder. Two tools cannot be at one
 * probe of one file when one has the kernel open it and the other one opens it itself.
 */
static struct file {
	const char *tool;
	char path[64];
} files[] = { { .tool = "bcc" }, { .tool = "libbpf" } };

/* The first one of each file is watched; the other one must have no row. */
static struct {
	struct file *file;
	bool watched;
	pid_t pid;
	int door; /* where it waits for its start */
} shops[] = {
	{ .file = &files[0], .watched = true },
	{ .file = &files[1], .watched = true },
	{ .file = &files[0] },
	{ .file = &files[1] },
};

enum { PLAN_FD = 10, DOOR_FD = 11 };

static void run_shop(void)
{
	pthread_t id;
	char c;

	shop = stim__try(mmap(NULL, sizeof(*shop), PROT_READ, MAP_SHARED, PLAN_FD, 0));
	stim__try(read(DOOR_FD, &c, 1));
	for (struct shop_event *e = shop->event; e < shop->event + shop->nr_events; e++) {
		if (!e->thread) {
			make_event(e);
			continue;
		}
		run_thread(make_event, e, &id);
		pthread_join(id, NULL);
	}
	_exit(0);
}

/* Before main(), which knows nothing of shops. */
__attribute__((constructor)) static void begin_program(int argc, char **argv)
{
	if (argc == 1 && !strcmp(argv[0], "shop"))
		run_shop();
}

static void exec_shop(void *path)
{
	stim__try(execl(path, "shop", NULL));
}

static void copy_program(struct file *file)
{
	int from = stim__try(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), to;
	off_t size = stim__try(lseek(from, 0, SEEK_END)), at = 0;

	snprintf(file->path, sizeof(file->path), "/tmp/shop-XXXXXX");
	if (!mkdtemp(file->path))
		stim__fail("%s: %s", file->path, strerror(errno));
	stim__try(chmod(file->path, 0755));
	strcat(file->path, "/shop");
	to = stim__try(open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
	while (at < size)
		stim__try(sendfile(to, from, &at, size - at));
	close(from);
	close(to);
}

static void open_shops(struct stim *s)
{
	int plan = stim__try(memfd_create("plan", MFD_CLOEXEC)), door[2];

	stim__try(ftruncate(plan, sizeof(*shop)));
	shop = stim__try(mmap(NULL, sizeof(*shop), PROT_READ | PROT_WRITE, MAP_SHARED, plan, 0));
	stim__try(dup2(plan, PLAN_FD));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		copy_program(&files[i]);
	for (size_t i = 0; i < ARRAY_SIZE(shops); i++) {
		stim__try(pipe2(door, O_CLOEXEC));
		stim__try(dup2(door[0], DOOR_FD));
		shops[i].pid = stim__fork(s, exec_shop, shops[i].file->path);
		shops[i].door = door[1];
		close(door[0]);
		if (shops[i].watched)
			stim__arg(s, shops[i].file->tool, "--pid=%d", shops[i].pid);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		stim__arg(s, files[i].tool, "%s", files[i].path);
	close(PLAN_FD);
	close(DOOR_FD);
}

/* What becomes of an order: begin, begin again as the next order, end. That takes another's number: the first's never,
 * which ends twice.
 */
static const char *const fates[] = { "bee", "be", "be", "bae", "be", "b", "e" };

static void plan_order(struct stim *s, int nr, enum way way)
{
	static const char *const items[] = {
		"tea",
		"",
		"two red pencils",
		"35 bytes can be shown, as are these",
		"36 bytes, which are too many by one.",
		"a very long description of a thing that is very small",
	};
	struct order *o = &shop->order[nr];

	o->way = way;
	o->id = (int)stim__rand(s, 1 << 24) * MAX_ORDERS - (1 << 29) + nr;
	o->shelf = stim__rand(s, 1 << 16);
	o->amount = (long)stim__rand(s, 1L << 40) - (1L << 39);
	o->status = stim__rand(s, 3) ? 0 : (int)stim__rand(s, 200) - 100;
	if (o->way == FROM_CONSTANTS) {
		o->id = EXPRESS_ID;
		o->shelf = EXPRESS_SHELF;
		o->amount = EXPRESS_AMOUNT;
	}
	strcpy(shop->item[nr], items[stim__rand(s, ARRAY_SIZE(items))]);
	o->nameless = !stim__rand(s, 7);
}

static void add_event(struct stim *s, int order, bool end)
{
	if (shop->nr_events == MAX_EVENTS)
		stim__fail("too many events");
	shop->event[shop->nr_events++] =
		(struct shop_event){ .end = end, .thread = !stim__rand(s, 3), .order = order };
}

struct desk {
	const char *todo; /* what is left to do with */
	int order;
};

static void work(struct stim *s, struct desk *desk)
{
	int old = desk->order;

	if (*desk->todo == 'a') {
		desk->order = shop->nr_orders++;
		plan_order(s, desk->order, shop->order[old].way);
		shop->order[desk->order].id = shop->order[old].id;
	}
	add_event(s, desk->order, *desk->todo++ == 'e');
}

/* Four orders are under way at any time, each at its own pace. */
static void plan_shop(struct stim *s)
{
	struct desk desks[4] = { { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 } };
	int nr = primes[stim__rand(s, ARRAY_SIZE(primes))];

	while (shop->nr_orders < nr) {
		struct desk *desk = &desks[stim__rand(s, ARRAY_SIZE(desks))];

		if (!*desk->todo) {
			desk->todo = fates[shop->nr_orders % ARRAY_SIZE(fates)];
			desk->order = shop->nr_orders++;
			/* What comes again does so with another shelf. */
			plan_order(s, desk->order,
				   strchr(desk->todo, 'a') ? FROM_MEMORY : desk->order % WAYS);
		}
		work(s, desk);
	}
	for (size_t i = 0; i < ARRAY_SIZE(desks); i++)
		while (*desks[i].todo)
			work(s, &desks[i]);
}

/* --- exercise: what a tool makes of that --- */

static const struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool by_thread, kept, first_begin, unread, late, int_amount, int_shelf, wide_shelf;
	int shops;
} views[] = {
	{ .sentence = NULL },
	{ .sentence = "orders of other processes have rows as well: the tool was told one process "
		      "with --pid, and attaches to it alone",
	  .shops = 2 },
	{ .sentence = "begin and end are paired by thread: an order may begin in one thread and "
		      "end in another, and a thread has several under way",
	  .by_thread = true },
	{ .sentence = "an order that ends a second time has a second row: its first end takes the "
		      "note away",
	  .kept = true },
	{ .sentence = "an order that begins again has the shelf and item of its first begin: the "
		      "last one counts",
	  .first_begin = true },
	{ .sentence = "column ITEM is empty: the argument is an address in the process's memory, "
		      "which bpf_probe_read_user_str() reads",
	  .unread = true },
	{ .sentence = "large amounts are cut to 32 bits: the argument has 8 bytes",
	  .int_amount = true },
	{ .sentence = "SHELF is below 0 in some rows: the argument is unsigned",
	  .int_shelf = true },
	{ .sentence = "SHELF is above 65535 in some rows: the argument is unsigned, and a short "
		      "has a sign, which fills the wider record",
	  .wide_shelf = true },
	{ .sentence = "items are what their memory holds when the order ends: it is read when "
		      "the order begins, later it is something else's",
	  .late = true },
	{ .sentence = "no order has a row: arguments count from 0, the process is the one that "
		      "--pid names (0 would be the tool itself), and each probe has a program",
	  .shops = -1 },
};

struct note {
	long key;
	int order; /* NONE: taken away */
};

enum { NONE = -1 };

static void order_row(struct stim *s, const struct view *v, const struct order *begun,
		      const struct order *ended)
{
	long amount = v->int_amount ? (int)ended->amount : ended->amount;
	long shelf = v->int_shelf ? (short)begun->shelf : begun->shelf;
	const char *item = v->late ? GONE : shop->item[begun - shop->order];

	if (v->wide_shelf)
		shelf = (unsigned int)(short)begun->shelf;
	if (begun->nameless || v->unread)
		item = "";
	stim__row(s, "%d %ld %ld %d %.*s", ended->id, shelf, amount, ended->status, ITEM_SHOWN - 1,
		  item);
}

static void watch_event(struct stim *s, const struct view *v, const struct shop_event *e,
			struct note notes[MAX_EVENTS])
{
	const struct order *o = &shop->order[e->order];
	long key = !v->by_thread ? o->id : e->thread ? e - shop->event + 1 : 0;
	struct note *note = notes;

	while (note->key != key && note->key != LONG_MIN)
		note++;
	if (note->key == LONG_MIN)
		*note = (struct note){ key, NONE };
	if (!e->end) {
		if (note->order == NONE || !v->first_begin)
			note->order = e->order;
	} else if (note->order != NONE) {
		order_row(s, v, &shop->order[note->order], o);
		if (!v->kept)
			note->order = NONE;
	}
}

static void shop_rows(struct stim *s, const struct view *v)
{
	struct note notes[MAX_EVENTS + 1];

	for (int i = 0; i <= MAX_EVENTS; i++)
		notes[i].key = LONG_MIN;
	for (int i = v->shops ? v->shops : 1; i > 0; i--)
		for (int k = 0; k < shop->nr_events; k++)
			watch_event(s, v, &shop->event[k], notes);
}

static void run_exercise(struct stim *s)
{
	plan_shop(s);
	for (size_t i = 0; i < ARRAY_SIZE(shops); i++) {
		stim__try(write(shops[i].door, "", 1));
		stim__wait(shops[i].pid);
	}
	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		stim__mistake(s, views[i].sentence);
		shop_rows(s, &views[i]);
	}
}

const struct test_case exercise = {
	.columns = "ID SHELF AMOUNT STATUS ITEM",
	.setup = open_shops,
	.run = run_exercise,
	.needs = {
		{ "program * section=usdt type=kprobe *",
		  "a program in a bare SEC(\"usdt\")" },
		{ "!program * section=usdt/*", "no file in SEC(): the tool is told which one" },
		{ "!program * section=*probe* type=*", "no uprobe" },
		{ "call * bpf_get_attach_cookie", "arguments by BPF_USDT() or bpf_usdt_arg()" },
	},
};
