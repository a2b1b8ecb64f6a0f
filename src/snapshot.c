// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "interrupt.h"
#include "snapshot.h"

#define SETUP_MS 30000
#define BCC_MS	 180000

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

static char *store_dir(void)
{
	return xprintf("%s/snapshots", cache_dir());
}

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

/* --- locks --- */

/* Waits for the lock, at most an hour, awake for Ctrl-C. */
static int take_lock(int fd, int how, const char *what)
{
	for (int tries = 0; flock(fd, how | LOCK_NB); tries++) {
		if (errno != EWOULDBLOCK)
			return err_sys("%s: lock", what);
		if (interrupt__signal())
			return -EINTR;
		if (tries == 20)
			say("%s: another command is making it; waiting", what);
		usleep(100000);
	}
	return 0;
}

static int open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
	return 1;
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

/* Copies a file, holes as holes. */
static int copy_sparse(const char *from, const char *to)
{
	cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC);
	cleanup_fd int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	off_t size, start = 0, end;

	if (in < 0 || out < 0 || (size = lseek(in, 0, SEEK_END)) < 0 || ftruncate(out, size))
		return err_sys("%s", to);
	while ((start = lseek(in, start, SEEK_DATA)) >= 0) {
		off_t target = start;

		end = lseek(in, start, SEEK_HOLE);
		while (start < end) {
			ssize_t n = copy_file_range(in, &start, out, &target, end - start, 0);

			if (n <= 0)
				return err_sys("%s", to);
		}
	}
	return 0;
}

static int make_from_base(const struct snapshot_source *s, const char *ram, struct vm **vm)
{
	const struct snapshot_source base = { .image = s->image,
					      .name = "base",
					      .test_case = "boot" };
	cleanup_free char *base_ram = NULL, *base_state = NULL;
	struct snapshot *from = NULL;
	int err = snapshot__get(&base, &from);

	if (err)
		return err;
	base_ram = xprintf("%s/ram", from->dir);
	base_state = xprintf("%s/state", from->dir);
	err = copy_sparse(base_ram, ram);
	if (!err)
		err = vm__restore(s->image, ram, base_state, true, vm);
	snapshot__free(from);
	return err;
}

static int make(const struct snapshot_source *s, const char *dir)
{
	cleanup_free char *ram = xprintf("%s/ram", dir), *state = xprintf("%s/state", dir);
	struct vm *vm = NULL;
	int64_t start;
	int err;

	err = s->prototype ? make_from_base(s, ram, &vm) : make_base(s, ram, &vm);
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

/* A guest whose memory finds no room on the disk dies of it without a word. */
static int check_space(const char *store)
{
	uint64_t needed = (VM_RAM_MB + 64ULL) << 20, left = 0;
	struct statvfs vfs;

	for (int tries = 0; tries < 2; tries++) {
		if (statvfs(store, &vfs))
			return err_sys("%s", store);
		left = vfs.f_bavail * vfs.f_frsize;
		if (left >= needed)
			return 0;
		snapshot__evict(0);
	}
	err_msg("%s: %llu MB free, a snapshot needs %llu; free some, or name a folder on another "
		"disk "
		"in XDG_CACHE_HOME",
		store, (unsigned long long)left >> 20, (unsigned long long)needed >> 20);
	return -ENOSPC;
}

/* Makes the snapshot in a folder of its own and moves it into place. */
static int make_in_place(const struct snapshot_source *s, const char *store, const char *dir)
{
	cleanup_free char *tmp = xprintf("%s/tmp.XXXXXX", store);
	cleanup_fd int lock = -1;
	int err;

	err = check_space(store);
	if (err)
		return err;
	if (!mkdtemp(tmp))
		return err_sys("%s", tmp);
	lock = open_folder(tmp);
	if (lock < 0 || flock(lock, LOCK_EX))
		err = err_sys("%s", tmp);
	else
		err = make(s, tmp);
	if (!err && rename(tmp, dir) && errno != ENOTEMPTY && errno != EEXIST)
		err = err_sys("%s", dir);
	file__remove_tree(tmp); /* unless it is in place */
	return err;
}

static void forget_older(const char *store, const char *name);

int snapshot__get(const struct snapshot_source *source, struct snapshot **out)
{
	cleanup_free char *store = store_dir(), *name = snapshot_name(source);
	cleanup_free char *dir = NULL, *making = NULL;
	cleanup_fd int lock = -1, maker = -1;
	int err;

	if (!name)
		return -EINVAL;
	err = file__mkdirs(store);
	if (err)
		return err;
	dir = xprintf("%s/%s", store, name);
	lock = open_folder(dir);
	if (lock < 0) {
		making = xprintf("%s/%s.lock", store, name);
		maker = open(making, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		err = maker < 0 ? err_sys("%s", making) : take_lock(maker, LOCK_EX, name);
		if (!err && (lock = open_folder(dir)) < 0) {
			forget_older(store, name);
			err = make_in_place(source, store, dir);
			unlink(making);
		}
		if (!err && lock < 0)
			lock = open_folder(dir);
	}
	if (err)
		return err;
	if (lock < 0 || flock(lock, LOCK_SH))
		return err_sys("%s", dir);
	futimens(lock, NULL); /* used now */
	if (maker >= 0)
		snapshot__evict(snapshot__bound());
	*out = xcalloc(1, sizeof(**out));
	**out = (struct snapshot){ source->image, steal_ptr(dir), steal_fd(&lock) };
	return 0;
}

int snapshot__restore(const struct snapshot *s, struct vm **out)
{
	cleanup_free char *ram = xprintf("%s/ram", s->dir), *state = xprintf("%s/state", s->dir);

	return vm__restore(s->image, ram, state, false, out);
}

/* --- keeping the store small --- */

struct entry {
	char *path;
	struct timespec used;
	uint64_t bytes;
};

static uint64_t disk_usage(const char *dir)
{
	static const char *const files[] = { "ram", "state" };
	uint64_t bytes = 0;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_free char *path = xprintf("%s/%s", dir, files[i]);

		if (!stat(path, &st))
			bytes += st.st_blocks * 512ULL;
	}
	return bytes;
}

/* Removes a folder that nobody has locked. */
static bool remove_unused(const char *dir)
{
	cleanup_fd int fd = open_folder(dir);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return false;
	file__remove_tree(dir);
	return true;
}

static int by_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->used;
	const struct timespec *y = &((const struct entry *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* The lock of a maker that was killed; one that waits for it makes do without the name. */
static void remove_stale_lock(const char *path)
{
	cleanup_fd int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		unlink(path);
}

/* All snapshots, least recently used first; what a killed process left half made goes at once. */
static struct entry *list_entries(const char *store, size_t *n)
{
	struct entry *entries = NULL;
	DIR *dir = opendir(store);
	struct stat st;

	*n = 0;
	for (struct dirent *e; dir && (e = readdir(dir));) {
		cleanup_free char *path = xprintf("%s/%s", store, e->d_name);

		if (*e->d_name == '.' || stat(path, &st))
			continue;
		if (!S_ISDIR(st.st_mode)) {
			remove_stale_lock(path);
			continue;
		}
		if (!strncmp(e->d_name, "tmp.", 4)) {
			remove_unused(path);
			continue;
		}
		entries = xrealloc(entries, *n + 1, sizeof(*entries));
		entries[*n] = (struct entry){ steal_ptr(path), st.st_mtim, 0 };
		entries[*n].bytes = disk_usage(entries[*n].path);
		++*n;
	}
	if (dir)
		closedir(dir);
	if (*n)
		qsort(entries, *n, sizeof(*entries), by_use);
	return entries;
}

static void free_entries(struct entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(entries[i].path);
	free(entries);
}

uint64_t snapshot__evict(uint64_t max_bytes)
{
	cleanup_free char *store = store_dir();
	uint64_t total = 0;
	size_t n;
	struct entry *entries = list_entries(store, &n);

	for (size_t i = 0; i < n; i++)
		total += entries[i].bytes;
	for (size_t i = 0; i < n && total > max_bytes; i++)
		if (remove_unused(entries[i].path))
			total -= entries[i].bytes;
	free_entries(entries, n);
	return total;
}

/* Snapshots of the same unit, case and kernel that something has changed for. */
static void forget_older(const char *store, const char *name)
{
	size_t n, stem = strrchr(name, '.') - name + 1;
	struct entry *entries = list_entries(store, &n);

	for (size_t i = 0; i < n; i++)
		if (!strncmp(strrchr(entries[i].path, '/') + 1, name, stem))
			remove_unused(entries[i].path);
	free_entries(entries, n);
}

uint64_t snapshot__bound(void)
{
	const char *mb = getenv("WORKBOOK_SNAPSHOTS_MB");
	uint64_t bound = 12ULL << 30, n;
	struct statvfs vfs;

	if (mb && !parse_u64(mb, &n))
		return n << 20;
	if (!statvfs(cache_dir(), &vfs)) {
		uint64_t third = (vfs.f_bavail * vfs.f_frsize + snapshot__evict(UINT64_MAX)) / 3;

		bound = third < bound ? third : bound;
	}
	return bound;
}
