// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unit 16. Pair: changes of files' modes, as they are asked for and as they end. Exercise: removed
 * files. Workers act on a tmpfs and on an overlay, whose functions call the same function again, for
 * the file below.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include "harness.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

enum {
	UID = 12345,
	OVERLAY_MAGIC = 0x794c7630, /* linux/magic.h */
	WORKERS = 3,
	FILES = 4,
	MAX_STEPS = 31,
};

/* --- both cases --- */

/* Something that a worker does, and what came of it. */
struct step {
	int kind;
	unsigned asked; /* mode */
	unsigned file;
	char name[256];
	pid_t tid;
};

struct worker {
	pid_t pid;
	uid_t uid;
	bool overlay;
	char comm[16], thread_comm[16];
	char root[64];			       /* the worker's folder, */
	char work[16], locked[16], sticky[16]; /* and what is in it */
	struct {
		char name[256];
		unsigned mode;
	} file[FILES]; /* of the pair; the last one is another user's */
	int nr;
	struct step step[MAX_STEPS];
};

static struct worker *workers; /* shared with the workers */

static bool is_overlay(const char *path)
{
	struct statfs fs;

	stim__try(statfs(path, &fs));
	return (unsigned long)fs.f_type == OVERLAY_MAGIC;
}

/* A file's name that begins with `what`: short, as long as fits into a dentry or just does not, with
 * blanks, as long as may be.
 */
static void pick_name(struct stim *s, char name[256], const char *what)
{
	static const unsigned lens[] = { 12, 31, 32, 38, 39, 40, 41, 63, 64, 255 };
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789.,:;()[]<>#-_% ";
	unsigned len = lens[stim__rand(s, ARRAY_SIZE(lens))];
	unsigned i = snprintf(name, 256, "%s", what);

	for (; i < len; i++)
		name[i] = chars[stim__rand(s, sizeof(chars) - 1)];
	name[i] = '\0';
	if (name[i - 1] == ' ')
		name[i - 1] = 'z';
}

static const char *in_folder(const struct worker *w, const char *folder, const char *name)
{
	static __thread char path[512];

	snprintf(path, sizeof(path), "%s/%s/%s", w->root, folder, name);
	return path;
}

static void make_folder(const struct worker *w, const char *folder, uid_t uid, mode_t mode)
{
	const char *path = in_folder(w, folder, "");

	stim__try(mkdir(path, 0700));
	stim__try(chown(path, uid, 0));
	stim__try(chmod(path, mode));
}

static void make_file(const char *path, uid_t uid, mode_t mode)
{
	int fd = stim__try(open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));

	stim__try(fchown(fd, uid, 0));
	stim__try(fchmod(fd, mode));
	close(fd);
}

static void set_comm(const char *comm)
{
	stim__try(prctl(PR_SET_NAME, comm));
}

struct in_thread {
	const struct worker *w;
	struct step *step;
	void (*fn)(const struct worker *w, struct step *step);
};

static void *thread(void *arg)
{
	struct in_thread *t = arg;

	t->step->tid = syscall(SYS_gettid);
	set_comm(t->w->thread_comm);
	t->fn(t->w, t->step);
	return NULL;
}

static void run_thread(const struct worker *w, struct step *step,
		       void (*fn)(const struct worker *w, struct step *step))
{
	struct in_thread t = { w, step, fn };
	pthread_t id;
	int err = pthread_create(&id, NULL, thread, &t);

	if (err)
		stim__fail("pthread_create: %s", strerror(err));
	pthread_join(id, NULL);
}

static void become(const struct worker *w)
{
	set_comm(w->comm);
	umask(0);
	if (w->uid) {
		stim__try(syscall(SYS_setgroups, 0, NULL));
		stim__try(setresgid(w->uid, w->uid, w->uid));
		stim__try(setresuid(w->uid, w->uid, w->uid));
	}
}

static void make_workers(struct stim *s)
{
	workers = stim__try(mmap(NULL, WORKERS * sizeof(*workers), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	for (int i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];
		unsigned n = stim__rand(s, 0x1000);

		w->uid = i == 1 ? 0 : UID;
		strcpy(w->root, i == 2 ? "/var/tmp/stimulus-XXXXXX" : "/tmp/stimulus-XXXXXX");
		if (!mkdtemp(w->root))
			stim__fail("%s: %s", w->root, strerror(errno));
		stim__try(chmod(w->root, 0755));
		w->overlay = is_overlay(w->root);
		snprintf(w->comm, sizeof(w->comm), "worker-%03x", n);
		snprintf(w->thread_comm, sizeof(w->thread_comm), "thread-%03x", n);
		snprintf(w->work, sizeof(w->work), "work-%03x", n);
		snprintf(w->locked, sizeof(w->locked), "locked-%03x", n);
		snprintf(w->sticky, sizeof(w->sticky), "sticky-%03x", n);
		make_folder(w, w->work, w->uid, 0755);
		make_folder(w, w->locked, 0, 0755);
		make_folder(w, w->sticky, 0, 01777);
	}
}

static void run_workers(struct stim *s, void (*fn)(void *))
{
	for (int i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		w->pid = stim__fork(s, fn, w);
		stim__wait(w->pid);
		stim__own(s, w->pid);
		for (int k = 0; k < w->nr; k++)
			if (w->step[k].tid)
				stim__own(s, w->step[k].tid);
	}
}

/* --- pair: modes --- */

enum {
	CHMOD,
	CHMOD_FD,
	CHMOD_AT,
	CHMOD_THREAD,
	CHMOD_DENIED,
	CHMOD_MISSING,
	CHANGE_OWNER, /* to whom it is: clears the setuid bit */
	WRITE,	      /* clears it, unless root writes */
	TRUNCATE,     /* likewise */
	SET_TIMES,
	PAIR_KINDS
};

static void change_mode(const struct worker *w, struct step *step)
{
	stim__try(chmod(in_folder(w, w->work, step->name), step->asked));
}

static void change_mode_at(const char *path, unsigned mode)
{
	if (syscall(SYS_fchmodat2, AT_FDCWD, path, mode, 0) && errno == ENOSYS)
		stim__try(syscall(SYS_fchmodat, AT_FDCWD, path, mode));
}

static void with_file(const char *path, const struct step *step)
{
	int fd = stim__try(open(path, O_WRONLY | O_CLOEXEC));

	if (step->kind == WRITE)
		stim__try(write(fd, "x", 1));
	else
		stim__try(fchmod(fd, step->asked));
	close(fd);
}

static void mode_step(const struct worker *w, struct step *step)
{
	const char *path = in_folder(w, w->work, step->name);

	switch (step->kind) {
	case CHMOD:
		return change_mode(w, step);
	case CHMOD_FD:
	case WRITE:
		return with_file(path, step);
	case CHMOD_AT:
		return change_mode_at(path, step->asked);
	case CHMOD_THREAD:
		return run_thread(w, step, change_mode);
	case CHMOD_DENIED:
		if (chmod(path, step->asked) && (!w->uid || errno != EPERM))
			stim__fail("%s: chmod: %s", path, strerror(errno));
		return;
	case CHMOD_MISSING:
		if (!chmod(path, step->asked) || errno != ENOENT)
			stim__fail("%s: it is there", path);
		return;
	case CHANGE_OWNER:
		stim__try(chown(path, -1, -1));
		return;
	case TRUNCATE:
		stim__try(truncate(path, 1));
		return;
	case SET_TIMES:
		stim__try(utimensat(AT_FDCWD, path, NULL, 0));
		return;
	}
}

static void change_modes(void *arg)
{
	struct worker *w = arg;

	become(w);
	for (int i = 0; i < w->nr; i++)
		mode_step(w, &w->step[i]);
}

static void plan_modes(struct stim *s, struct worker *w, int nr)
{
	static const char *const names[FILES] = { "a", "b report", "c", "d" };
	int first = stim__rand(s, PAIR_KINDS);

	for (int i = 0; i < FILES; i++) {
		w->file[i].mode = 04600 | stim__rand(s, 0200);
		pick_name(s, w->file[i].name, names[i]);
		make_file(in_folder(w, w->work, w->file[i].name), i == FILES - 1 ? 0 : w->uid,
			  w->file[i].mode);
	}
	w->nr = nr;
	for (int i = 0; i < nr; i++) {
		struct step *step = &w->step[i];

		step->kind = (first + i) % PAIR_KINDS;
		step->asked = 0600 | stim__rand(s, 010000);
		if (!w->uid)
			step->asked &= ~02000;
		step->file = step->kind == CHMOD_DENIED ? FILES - 1 : stim__rand(s, FILES - 1);
		if (step->kind == CHMOD_MISSING)
			pick_name(s, step->name, "missing");
		else
			strcpy(step->name, w->file[step->file].name);
	}
}

static void mode_row(struct stim *s, const struct worker *w, const struct step *step,
		     const char *event, unsigned mode, const char *result)
{
	stim__row(s, "%d %s %04o %s %s", w->pid, event, mode, result, step->name);
}

static void mode_rows(struct stim *s, struct worker *w, const struct step *step)
{
	unsigned *mode = &w->file[step->file].mode;
	bool asks = step->kind <= CHMOD_DENIED;

	if (step->kind == CHMOD_MISSING || step->kind == SET_TIMES)
		return;
	if (asks)
		mode_row(s, w, step, "start", step->asked, "-");
	if (step->kind == CHMOD_DENIED && w->uid)
		return mode_row(s, w, step, "end", *mode, "EPERM");
	if (asks) /* setgid is not for who is no member of the group */
		*mode = w->uid ? step->asked & ~02000 : step->asked;
	else if (*mode & 04000 && (w->uid || step->kind == CHANGE_OWNER))
		*mode &= ~04000;
	else
		return;
	if (asks && w->overlay)
		mode_row(s, w, step, "start", *mode, "-");
	for (int i = w->overlay ? 2 : 1; i; i--)
		mode_row(s, w, step, "end", *mode, "OK");
}

static void run_pair(struct stim *s)
{
	static const int primes[] = { 11, 13, 17, 19, 23, 29, 31 };

	make_workers(s);
	for (int i = 0; i < WORKERS; i++)
		plan_modes(s, &workers[i], primes[stim__rand(s, ARRAY_SIZE(primes))]);
	run_workers(s, change_modes);
	for (int i = 0; i < WORKERS; i++)
		for (int k = 0; k < workers[i].nr; k++)
			mode_rows(s, &workers[i], &workers[i].step[k]);
}

const struct test_case pair = {
	.columns = "PID EVENT MODE RESULT NAME",
	.own = "PID",
	.ordered = true,
	.run = run_pair,
	.needs = {
		{ "program * section=fentry/notify_change *", "a program at the start of notify_change()" },
		{ "program * section=fexit/notify_change *", "a program at the end of notify_change()" },
		{ "!call * bpf_probe_read_kernel", "loads through typed pointers, without a helper" },
		{ "!map * type=*hash *", "no hash for what is known at the start" },
	},
};

/* --- exercise: removed files --- */

enum {
	UNLINK,
	UNLINK_AT,
	UNLINK_THREAD,
	UNLINK_OPEN,
	UNLINK_LINK,
	UNLINK_QUEUE,
	LOCKED,
	STICKY,
	BUSY,
	FOLDER,
	MISSING,
	TRAILING_SLASH,
	REMOVE_FOLDER,
	REPLACE,
	KINDS
};

/* What calls end in: 0 is success, NONE: vfs_unlink() is not reached, or is not what is called. */
enum { NONE = -1 };

static int outcome(const struct worker *w, const struct step *step)
{
	switch (step->kind) {
	case LOCKED:
		return w->uid ? EACCES : 0;
	case STICKY:
		return w->uid ? EPERM : 0;
	case BUSY:
		return EBUSY;
	case FOLDER:
		return EISDIR;
	case MISSING:
	case TRAILING_SLASH:
	case REMOVE_FOLDER:
	case REPLACE:
		return NONE;
	default:
		return 0;
	}
}

static const char *folder_of(const struct worker *w, const struct step *step)
{
	switch (step->kind) {
	case LOCKED:
		return w->locked;
	case STICKY:
		return w->sticky;
	default:
		return w->work;
	}
}

static void unlink_in_thread(const struct worker *w, struct step *step)
{
	stim__try(unlink(in_folder(w, w->work, step->name)));
}

static void unlink_open(const char *path)
{
	int fd = stim__try(open(path, O_RDONLY | O_CLOEXEC));

	stim__try(unlink(path));
	close(fd);
}

static void unlink_queue(const char *name)
{
	int fd = stim__try(
		syscall(SYS_mq_open, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, NULL));

	close(fd);
	stim__try(syscall(SYS_mq_unlink, name));
}

static void replace(const struct worker *w, const char *path)
{
	char other[520];

	snprintf(other, sizeof(other), "%s", in_folder(w, w->work, "new"));
	close(stim__try(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)));
	stim__try(rename(other, path));
}

/* A call that must fail, but for root. */
static void unlink_in_vain(const struct worker *w, const struct step *step, const char *path)
{
	int want = step->kind == MISSING	  ? ENOENT
		   : step->kind == TRAILING_SLASH ? ENOTDIR
						  : outcome(w, step);
	int err = unlink(path) ? errno : 0;

	if (err != want)
		stim__fail("%s: unlink: %s", path, strerror(err));
}

static void unlink_step(const struct worker *w, struct step *step)
{
	char path[520];

	snprintf(path, sizeof(path), "%s%s", in_folder(w, folder_of(w, step), step->name),
		 step->kind == TRAILING_SLASH ? "/" : "");
	switch (step->kind) {
	case UNLINK_AT:
		stim__try(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
		return;
	case UNLINK_THREAD:
		return run_thread(w, step, unlink_in_thread);
	case UNLINK_OPEN:
		return unlink_open(path);
	case UNLINK_QUEUE:
		return unlink_queue(step->name);
	case REMOVE_FOLDER:
		stim__try(rmdir(path));
		return;
	case REPLACE:
		return replace(w, path);
	default:
		return unlink_in_vain(w, step, path);
	}
}

static void remove_files(void *arg)
{
	struct worker *w = arg;

	become(w);
	for (int i = 0; i < w->nr; i++)
		unlink_step(w, &w->step[i]);
}

/* What is to be removed. */
static void prepare_step(const struct worker *w, const struct step *step)
{
	const char *path = in_folder(w, folder_of(w, step), step->name);

	switch (step->kind) {
	case UNLINK_LINK:
		stim__try(symlink("/etc/passwd", path));
		return;
	case FOLDER:
	case REMOVE_FOLDER:
		stim__try(mkdir(path, 0700));
		return;
	case UNLINK_QUEUE:
	case MISSING:
		return;
	default:
		make_file(path, step->kind == UNLINK_OPEN ? w->uid : 0, 0600);
	}
	if (step->kind == BUSY)
		stim__try(mount(path, path, NULL, MS_BIND, NULL));
}

static void plan_unlinks(struct stim *s, struct worker *w, int nr)
{
	int first = stim__rand(s, KINDS);

	w->nr = nr;
	for (int i = 0; i < nr; i++) {
		struct step *step = &w->step[i];
		char what[16];

		step->kind = (first + i) % KINDS;
		snprintf(what, sizeof(what), "%c%d", (char)('a' + stim__rand(s, 26)), i);
		pick_name(s, step->name, what);
		prepare_step(w, step);
	}
}

static void unmount(void)
{
	for (int i = 0; i < WORKERS; i++)
		for (int k = 0; k < workers[i].nr; k++)
			if (workers[i].step[k].kind == BUSY)
				stim__try(umount2(in_folder(&workers[i], workers[i].work,
							    workers[i].step[k].name),
						  MNT_DETACH));
}

static const struct view {
	const char *sentence; /* the mistake; NULL: the truth */
	bool tid, only_good, at_start, once, process_comm;
	unsigned len;
} views[] = {
	{ .sentence = NULL },
	{ .sentence = "the PID column holds thread IDs: the process's ID is in the upper half of "
		      "bpf_get_current_pid_tgid()",
	  .tid = true },
	{ .sentence = "calls that fail are missing: they have a RESULT, too", .only_good = true },
	{ .sentence = "RESULT is OK in every row: at the function's start nobody knows it, at its "
		      "end it is the last one of the arguments",
	  .at_start = true },
	{ .sentence = "of two calls, one within the other, one has no row: fexit gets each "
		      "call's own arguments, nothing is to be kept per thread",
	  .once = true },
	{ .sentence = "COMM is the name of the process's first thread: each thread has its own",
	  .process_comm = true },
	{ .sentence = "long names are cut after 39 bytes: a name may have 255", .len = 39 },
	{ .sentence = "long names are cut after 31 bytes: a name may have 255", .len = 31 },
	{ .sentence = "long names are cut after 63 bytes: a name may have 255", .len = 63 },
};

static void unlink_rows(struct stim *s, const struct view *v, const struct worker *w,
			const struct step *step)
{
	bool queue = step->kind == UNLINK_QUEUE, is_thread = step->tid;
	int err = outcome(w, step);
	int nr = !err && w->overlay && !queue ? 2 : 1;

	if (err == NONE || (err && v->only_good))
		return;
	for (int i = v->once ? 1 : nr; i; i--)
		stim__row(s, "%d %s %s %s %.*s", v->tid && is_thread ? step->tid : w->pid,
			  is_thread && !v->process_comm ? w->thread_comm : w->comm,
			  err && !v->at_start ? strerrorname_np(err) : "OK",
			  queue ? "/" : folder_of(w, step), v->len ? (int)v->len : 255, step->name);
}

static void run_exercise(struct stim *s)
{
	static const int primes[] = { 17, 19, 23, 29, 31 };

	make_workers(s);
	for (int i = 0; i < WORKERS; i++)
		plan_unlinks(s, &workers[i], primes[stim__rand(s, ARRAY_SIZE(primes))]);
	run_workers(s, remove_files);
	unmount();
	for (size_t v = 0; v < ARRAY_SIZE(views); v++) {
		stim__mistake(s, views[v].sentence);
		for (int i = 0; i < WORKERS; i++)
			for (int k = 0; k < workers[i].nr; k++)
				unlink_rows(s, &views[v], &workers[i], &workers[i].step[k]);
	}
}

const struct test_case exercise = {
	.columns = "PID COMM RESULT FOLDER NAME",
	.own = "PID",
	.ordered = true,
	.run = run_exercise,
	.needs = {
		{ "program * section=fexit/vfs_unlink type=tracing *", "a fexit program at vfs_unlink()" },
		{ "!program * type=kprobe *", "no kprobe" },
		{ "!call * bpf_probe_read_kernel",
		  "loads through typed pointers: arrows instead of BPF_CORE_READ()" },
		{ "!map * type=[!r]*",
		  "no map but the ring buffer: fexit has arguments and result" },
		{ "relocation * byte_off dentry.d_name.name", "a relocated load of the name" },
		{ "relocation * byte_off dentry.d_parent", "a relocated load of the parent" },
	},
};
