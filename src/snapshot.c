// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "snapshot.h"
#include "sparse.h"
#include "store.h"

#define SETUP_MS 30000
#define BCC_MS	 600000

/* Brings what BCC reads from the disk into the guest's memory. */
static const char warm_up[] = "from bcc import BPF; BPF(text='#include <linux/sched.h>\\nint "
			      "f(void *ctx) { return 0; }', "
			      "cflags=['-fms-extensions'])";

struct snapshot {
	const struct image *image;
	char *dir;
	int lock; /* shared: keeps the eviction away */
};

void snapshot__free(struct snapshot *s)
{
	if (!s)
		return;
	close_fd(&s->lock);
	free(s->dir);
	free(s);
}

/* --- names --- */

static int add_content(struct buf *b, const char *path)
{
	int err = path ? file__read(path, b) : 0;

	errno = -err;
	return err ? err_sys("%s", path) : 0;
}

/* "01-kprobe-counter.pair.6.12.HASH": readable, and different when anything that shapes it is. */
static char *snapshot_name(const struct snapshot_source *s)
{
	cleanup_free char *vm = vm__fingerprint(s->image), *hash = NULL;
	cleanup_buf struct buf b = { 0 };

	if (!vm)
		return NULL;
	buf__printf(&b, "%s\n%s\n%s\n", vm, s->test_case, warm_up);
	if (add_content(&b, s->prototype) || add_content(&b, s->test))
		return NULL;
	hash = hash_hex(b.data, b.len);
	return xprintf("%s.%s.%s.%.16s", s->name, s->test_case, s->image->kernel, hash);
}

/* --- making one --- */

char **snapshot__argv(const char *said, const char *tool, const char *const first[])
{
	char **argv = NULL;
	size_t n = 0, tool_len = strlen(tool);

	for (; first[n]; n++) {
		argv = xrealloc(argv, n + 1, sizeof(*argv));
		argv[n] = xstrdup(first[n]);
	}
	for (const char *line = said; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (*line != '@' || strncmp(line + 1, tool, tool_len) || line[1 + tool_len] != ' ')
			continue;
		line += tool_len + 2;
		argv = xrealloc(argv, n + 1, sizeof(*argv));
		argv[n++] = xprintf("%.*s", (int)strcspn(line, "\n"), line);
	}
	argv = xrealloc(argv, n + 1, sizeof(*argv));
	argv[n] = NULL;
	return argv;
}

/* Shows why a program that should be ready is not. */
static int report_not_ready(struct vm *vm, const char *what, const char *slot,
			    const struct program_state *state)
{
	cleanup_buf struct buf err = { 0 };
	const char *end;

	if (vm__output(vm, slot, "err", &err))
		return -EPROTO;
	end = err.len > 3000 ? err.data + err.len - 3000 : err.data;
	err_msg("%s: %s before it was ready; the end of its standard error:\n%s", what,
		state->exited ? "ended" : "nothing printed in time,", err.len ? end : "(empty)");
	return -ECHILD;
}

static int start_ready(struct vm *vm, const char *what, const char *slot, char *const argv[],
		       int ms)
{
	struct program_state state;
	int err = vm__start(vm, slot, "root", argv);

	if (!err)
		err = vm__wait_ready(vm, slot, ms, &state);
	if (!err && (state.exited || state.timeout))
		err = report_not_ready(vm, what, slot, &state);
	return err;
}

static int prepare_guest(struct vm *vm, const struct snapshot_source *s)
{
	char *const stimulus[] = { GUEST_TEST, "stimulus", (char *)s->test_case, NULL };
	const char *const python[] = { "python3", GUEST_PROTOTYPE, NULL };
	cleanup_buf struct buf said = { 0 };
	char **argv;
	int err;

	err = vm__put_file(vm, GUEST_TEST, 0755, s->test);
	if (!err)
		err = vm__put_file(vm, GUEST_PROTOTYPE, 0644, s->prototype);
	if (!err)
		err = start_ready(vm, s->test, SLOT_STIMULUS, stimulus, SETUP_MS);
	if (!err)
		err = vm__output(vm, SLOT_STIMULUS, "out", &said);
	if (err)
		return err;
	argv = snapshot__argv(said.data, SLOT_BCC, python);
	err = start_ready(vm, s->prototype, SLOT_BCC, argv, BCC_MS);
	vm__free_args(argv);
	/* What can be read again needs no place in the snapshot. */
	return err ? err : vm__put(vm, "/proc/sys/vm/drop_caches", 0644, "3", 1);
}

/* The start of all others on this kernel: booted, and BCC has compiled once. */
static int make_base(const struct snapshot_source *s, const char *ram, struct vm **vm)
{
	char *const python[] = { "python3", "-c", (char *)warm_up, NULL };
	struct program_state state;
	int64_t start = now_ms();
	int err;

	say("kernel %s: booting", s->image->kernel);
	err = vm__boot(s->image, ram, vm);
	if (err)
		return err;
	say("kernel %s: booted in %.1f s; BCC warms up", s->image->kernel,
	    (now_ms() - start) / 1000.0);
	err = vm__start(*vm, SLOT_BCC, "root", python);
	if (!err)
		err = vm__wait_exit(*vm, SLOT_BCC, BCC_MS, &state);
	if (!err && (!state.exited || state.status))
		err = report_not_ready(*vm, "BCC", SLOT_BCC, &state);
	return err;
}

int snapshot__base(const struct image *image, struct snapshot **out)
{
	const struct snapshot_source base = { .image = image, .name = "base", .test_case = "boot" };

	return snapshot__get(&base, out);
}

static int make_from_base(const struct snapshot_source *s, const char *dir, struct vm **vm)
{
	cleanup_free char *ram = xprintf("%s/ram", dir), *link = xprintf("%s/base", dir);
	cleanup_free char *base_ram = NULL, *base_state = NULL, *target = NULL;
	struct snapshot *from = NULL;
	int err = snapshot__base(s->image, &from);

	if (err)
		return err;
	base_ram = xprintf("%s/ram", from->dir);
	base_state = xprintf("%s/state", from->dir);
	target = xprintf("..%s", strrchr(from->dir, '/'));
	if (symlink(target, link))
		err = err_sys("%s", link);
	if (!err)
		err = sparse__copy(base_ram, ram);
	if (!err)
		err = vm__restore(s->image, ram, base_state, true, false, vm);
	snapshot__free(from);
	return err;
}

static int make(const struct snapshot_source *s, const char *dir)
{
	cleanup_free char *ram = xprintf("%s/ram", dir), *state = xprintf("%s/state", dir);
	struct vm *vm = NULL;
	int64_t start;
	int err;

	err = s->prototype ? make_from_base(s, dir, &vm) : make_base(s, ram, &vm);
	start = now_ms();
	if (!err && s->prototype) {
		say("%s %s on %s: no snapshot yet; BCC compiles and attaches the prototype",
		    s->name, s->test_case, s->image->kernel);
		err = prepare_guest(vm, s);
	}
	if (!err)
		err = vm__save(vm, state);
	if (!err && s->prototype)
		say("%s %s on %s: attached in %.1f s", s->name, s->test_case, s->image->kernel,
		    (now_ms() - start) / 1000.0);
	vm__free(vm);
	return err;
}

/* A new folder, locked, or -errno. Until it is locked, another command may take it for one that was left half made
 * and remove it.
 */
static int new_folder(const char *store, char **path)
{
	for (;;) {
		cleanup_free char *tmp = xprintf("%s/tmp.XXXXXX", store);
		cleanup_fd int lock = -1;

		if (!mkdtemp(tmp))
			return err_sys("%s", tmp);
		lock = store__open(tmp);
		if (lock < 0 ? errno != ENOENT : flock(lock, LOCK_EX))
			return err_sys("%s", tmp);
		if (lock < 0 || access(tmp, F_OK))
			continue;
		*path = steal_ptr(tmp);
		return steal_fd(&lock);
	}
}

/* Makes the snapshot in a folder of its own and moves it into place. */
static int make_in_place(const struct snapshot_source *s, const char *store, const char *dir)
{
	cleanup_free char *tmp = NULL;
	cleanup_fd int lock = -1;
	int err = store__check_space();

	if (err)
		return err;
	lock = new_folder(store, &tmp);
	if (lock < 0)
		return lock;
	err = make(s, tmp);
	if (!err && rename(tmp, dir) && errno != ENOTEMPTY && errno != EEXIST)
		err = err_sys("%s", dir);
	file__remove_tree(tmp); /* unless it is in place */
	return err;
}

/* Nobody's code but ours runs in there: a guest that dies has met with a trouble of the host's, such as a moment
 * without room on the disk.
 */
static int make_twice(const struct snapshot_source *s, const char *store, const char *dir)
{
	int err = make_in_place(s, store, dir);

	if (err == -EPROTO && s->prototype) {
		say("%s %s on %s: once more", s->name, s->test_case, s->image->kernel);
		err = make_in_place(s, store, dir);
	}
	return err;
}

/* Opens the snapshot's folder, and makes it before when there is none. A descriptor or -errno. */
static int open_made(const struct snapshot_source *source, const char *store, const char *name,
		     const char *dir, bool *made)
{
	cleanup_free char *making = xprintf("%s/%s.lock", store, name);
	cleanup_fd int maker = -1;
	int err, fd = store__open(dir);

	if (fd >= 0)
		return fd;
	maker = open(making, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	err = maker < 0 ? err_sys("%s", making) : store__lock(maker, name);
	if (!err && (fd = store__open(dir)) < 0) {
		store__forget_older(name);
		err = make_twice(source, store, dir);
		unlink(making);
		*made = true;
	}
	if (err)
		return err;
	return fd >= 0 || (fd = store__open(dir)) >= 0 ? fd : err_sys("%s", dir);
}

/* Another command may remove it before the lock is there: then once more. */
static int lock_made(const struct snapshot_source *source, const char *name, const char *dir,
		     bool *made)
{
	cleanup_free char *store = store__dir(), *state = xprintf("%s/state", dir);
	int err = file__mkdirs(store), fd;

	while (!err) {
		fd = open_made(source, store, name, dir, made);
		if (fd < 0)
			return fd;
		if (flock(fd, LOCK_SH))
			err = err_sys("%s", dir);
		else if (!access(state, F_OK))
			return fd;
		close(fd);
	}
	return err;
}

int snapshot__get(const struct snapshot_source *source, struct snapshot **out)
{
	cleanup_free char *store = store__dir(), *name = snapshot_name(source);
	cleanup_free char *dir = name ? xprintf("%s/%s", store, name) : NULL;
	cleanup_free char *base = name ? xprintf("%s/base", dir) : NULL;
	bool made = false, unpacked = false;
	cleanup_fd int lock = -1;
	int err;

	if (!name)
		return -EINVAL;
	do {
		lock = lock_made(source, name, dir, &made);
		if (lock < 0)
			return lock;
		err = store__unpack(dir, &unpacked);
		if (err == -ESTALE) {
			close_fd(&lock);
			store__remove(dir);
		}
	} while (err == -ESTALE);
	if (err)
		return err;
	/* Used now, and the base a moment later: it goes last. */
	futimens(lock, NULL);
	utimensat(AT_FDCWD, base, NULL, 0);
	if (made || unpacked)
		store__keep_within(store__bound());
	*out = xcalloc(1, sizeof(**out));
	**out = (struct snapshot){ source->image, steal_ptr(dir), steal_fd(&lock) };
	return 0;
}

int snapshot__restore(const struct snapshot *s, bool confined, struct vm **out)
{
	cleanup_free char *ram = xprintf("%s/ram", s->dir), *state = xprintf("%s/state", s->dir);

	return vm__restore(s->image, ram, state, false, confined, out);
}
