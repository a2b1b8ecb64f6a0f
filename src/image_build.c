// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "image_build.h"
#include "interrupt.h"

#define DEADLINE_MS (60 * 60 * 1000)
#define STOP_MS	    (20 * 1000)
#define LOG_LINES   15
#define HIGH_FD	    200

/* A running build. `lock` is the temporary folder's, which the children hold as well: while it is
 * taken, somebody may still write there.
 */
struct build {
	const struct kernel *kernel;
	const char *log;
	char *tmp, *phase, *error;
	int lock, progress;
	pid_t pid;
	int64_t started;
	bool rewrite;
};

/* --- pure parts --- */

void image_build__mirrors(struct strings *out, const struct kernel *k, const char *override)
{
	static const char debian[] = "/debian";

	strings__split(out, override && *override ? override : k->mirrors);
	for (size_t i = 0; i < out->count; i++) {
		char *m = out->items[i];
		size_t len = strlen(m);

		while (len && m[len - 1] == '/')
			len--;
		if (text__ends(m, len, debian))
			len -= strlen(debian);
		m[len] = '\0';
	}
}

const char *image_build__mend(const char *log)
{
	static const struct {
		const char *symptom, *mend;
	} mends[] = {
		{ "No space left on device", "the disk is full; free 2 GB, or let TMPDIR and "
					     "XDG_CACHE_HOME name a folder elsewhere" },
		{ "Failed to fetch",
		  "a package cannot be fetched; check the network, or name another "
		  "mirror in WORKBOOK_MIRROR" },
		{ "unshare syscall failed",
		  "user namespaces are refused here; allow them, or build as root" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mends); i++)
		if (strstr(log, mends[i].symptom))
			return mends[i].mend;
	return "see the log, and try again";
}

const char *image_build__tail(const char *text, int n)
{
	const char *p = text + strlen(text);

	if (p > text && p[-1] == '\n')
		p--;
	while (p > text && (p[-1] != '\n' || --n > 0))
		p--;
	return p;
}

/* --- progress --- */

static void show(const struct build *b)
{
	int64_t seconds = (now_ms() - b->started) / 1000;

	if (say_quiet)
		return;
	fprintf(stderr, b->rewrite ? "\r\033[Kimage %s: %s (%lld s)" : "image %s: %s (%lld s)\n",
		b->kernel->name, b->phase, (long long)seconds);
}

static void end_of_progress(const struct build *b)
{
	if (b->rewrite && !say_quiet)
		fputs("\r\033[K", stderr);
}

/* A line of the recipe's. */
static void take_line(struct build *b, const char *line, size_t len)
{
	static const char phase[] = "phase ", error[] = "error ";

	if (text__starts(line, len, phase)) {
		free(b->phase);
		b->phase = text__copy(line + strlen(phase), len - strlen(phase));
		show(b);
	} else if (text__starts(line, len, error)) {
		free(b->error);
		b->error = text__copy(line + strlen(error), len - strlen(error));
	}
}

/* Follows the recipe until it closes its end. Returns 0, -EINTR or -ETIMEDOUT. */
static int follow(struct build *b)
{
	int64_t deadline = b->started + DEADLINE_MS;
	char text[1024];
	size_t len = 0;

	for (;;) {
		char *end;
		ssize_t n;

		if (interrupt__wait(b->progress, now_ms() + 1000)) {
			if (errno != ETIMEDOUT || now_ms() > deadline)
				return -errno;
			if (b->rewrite)
				show(b);
			continue;
		}
		n = read(b->progress, text + len, sizeof(text) - len);
		if (n <= 0)
			return 0;
		len += n;
		while ((end = memchr(text, '\n', len))) {
			take_line(b, text, end - text);
			len -= end + 1 - text;
			memmove(text, end + 1, len);
		}
		if (len == sizeof(text))
			len = 0;
	}
}

/* --- the recipe's process --- */

/* mmdebstrap needs low descriptors, which the shells it starts can name: nothing else goes there. */
static void arrange_descriptors(int out, int log, int lock)
{
	int null = open("/dev/null", O_RDONLY);

	dup2(null, 0);
	dup2(log, 2);
	dup2(out >= 0 ? out : log, 1);
	if (lock >= 0)
		fcntl(lock, F_DUPFD, HIGH_FD);
	close_range(3, HIGH_FD - 1, 0);
}

static void exec_recipe(const struct strings *args, int out, int log, int lock, pid_t parent)
{
	cleanup_free char *recipe = xprintf("%s/src/image.sh", project_root());
	const char **argv = xcalloc(args->count + 3, sizeof(*argv));

	argv[0] = "bash";
	argv[1] = recipe;
	memcpy(argv + 2, args->items, args->count * sizeof(*argv));
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	arrange_descriptors(out, log, lock);
	execvp(argv[0], (char **)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Starts `bash image.sh ARGS` in a process group of its own; `lock` (or -1) stays open in it. */
static pid_t start_recipe(const struct strings *args, int out, int log, int lock)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid)
		exec_recipe(args, out, log, lock, parent);
	if (pid < 0)
		return err_sys("image.sh");
	setpgid(pid, pid);
	return pid;
}

/* Waits for the end, at most `ms`, whatever signals come; then kills. Returns the wait status. */
static int end_recipe(pid_t pid, int ms)
{
	int64_t deadline = now_ms() + ms;
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (now_ms() > deadline) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		poll(NULL, 0, 20);
	}
	kill(-pid, SIGKILL); /* what it left behind */
	return status;
}

/* The folder belongs partly to the namespace's users: only the recipe can remove it. */
static void remove_tmp(const char *tmp)
{
	cleanup_fd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	cleanup_strings struct strings args = { 0 };
	pid_t pid;

	strings__add(&args, xstrdup("clean"));
	strings__add(&args, xstrdup(tmp));
	pid = start_recipe(&args, -1, null, -1);
	if (pid > 0)
		end_recipe(pid, STOP_MS);
}

/* --- temporary folders --- */

/* Held while a temporary folder is made or looked for: between mkdtemp() and its lock, it would seem
 * to be nobody's.
 */
static int lock_images(const char *images)
{
	int fd = open(images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) && errno == EINTR)
		;
	return fd;
}

static void remove_stale(const char *tmp)
{
	cleanup_fd int fd = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		remove_tmp(tmp);
}

void image_build__clean(const char *images)
{
	cleanup_fd int lock = lock_images(images);
	DIR *d = opendir(images);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		cleanup_free char *path = xprintf("%s/%s", images, e->d_name);

		if (!strncmp(e->d_name, "tmp.", 4))
			remove_stale(path);
	}
	if (d)
		closedir(d);
}

static int make_tmp(struct build *b, const char *dir)
{
	cleanup_free char *images = text__copy(dir, strrchr(dir, '/') - dir);
	cleanup_fd int lock = lock_images(images);

	b->tmp = xprintf("%s/tmp.XXXXXX", images);
	if (!mkdtemp(b->tmp))
		return err_sys("%s", b->tmp);
	b->lock = open(b->tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->lock < 0 || flock(b->lock, LOCK_EX | LOCK_NB) || fchmod(b->lock, 0755))
		return err_sys("%s", b->tmp);
	return 0;
}

/* --- a build --- */

static int start(struct build *b)
{
	cleanup_fd int log =
		open(b->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	cleanup_strings struct strings args = { 0 };
	cleanup_fd int out = -1;
	int ends[2];

	if (log < 0)
		return err_sys("%s", b->log);
	if (pipe2(ends, O_CLOEXEC))
		return err_sys("image.sh");
	b->progress = ends[0];
	out = ends[1];
	strings__add(&args, xstrdup("build"));
	strings__add(&args, xstrdup(b->tmp));
	strings__add(&args, xstrdup(b->kernel->suites));
	strings__add(&args, xstrdup(b->kernel->package));
	image_build__mirrors(&args, b->kernel, getenv("WORKBOOK_MIRROR"));
	b->pid = start_recipe(&args, out, log, b->lock);
	return b->pid < 0 ? b->pid : 0;
}

static int explain(const struct build *b)
{
	const char *name = b->kernel->name;
	cleanup_buf struct buf log = { 0 };

	if (b->error)
		return err_msg("image %s: %s", name, b->error);
	buf__add(&log, "", 0);
	file__read(b->log, &log);
	fprintf(stderr, "%s%s%s", colour(stderr, C_DIM), image_build__tail(log.data, LOG_LINES),
		colour(stderr, C_OFF));
	return err_msg("image %s: not built: %s (log: %s)", name, image_build__mend(log.data),
		       b->log);
}

static int finish(const struct build *b, const char *dir)
{
	static const char *const wanted[] = { "root.ext4", "vmlinuz",	   "vmlinux.btf", "modules",
					      "release",   "modules.list", "packages.txt" };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (faccessat(b->lock, wanted[i], R_OK, 0))
			return err_sys("image %s: %s", b->kernel->name, wanted[i]);
	/* After a power cut, the name must not be there without the contents. */
	if (syncfs(b->lock) || rename(b->tmp, dir))
		return err_sys("%s", dir);
	return 0;
}

static int run(struct build *b, const char *dir)
{
	static const char stopping[] = "phase stopping";
	const char *name = b->kernel->name;
	int status, err = make_tmp(b, dir);

	if (!err)
		err = start(b);
	if (err)
		return err;
	err = follow(b);
	if (err) {
		take_line(b, stopping, strlen(stopping));
		kill(-b->pid, SIGTERM);
	}
	status = end_recipe(b->pid, STOP_MS);
	end_of_progress(b);
	if (err == -EINTR)
		err_msg("image %s: interrupted; nothing of it is left", name);
	else if (err)
		err_msg("image %s: not built within an hour; see %s", name, b->log);
	else if (status)
		err = explain(b);
	return err ? err : finish(b, dir);
}

int image_build__run(const struct kernel *k, const char *dir, const char *log)
{
	struct build b = { .kernel = k, .log = log, .lock = -1, .progress = -1 };
	int err;

	b.started = now_ms();
	b.rewrite = is_screen(stderr);
	b.phase = xstrdup("beginning");
	err = run(&b, dir);
	if (err && b.tmp)
		remove_tmp(b.tmp);
	if (!err)
		say("image %s: ready (%lld s)", k->name, (long long)(now_ms() - b.started) / 1000);
	close_fd(&b.lock);
	close_fd(&b.progress);
	free(b.tmp);
	free(b.phase);
	free(b.error);
	return err;
}
