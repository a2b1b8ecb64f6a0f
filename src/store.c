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
#include "sparse.h"
#include "store.h"
#include "vm.h"

char *store__dir(void)
{
	return xprintf("%s/snapshots", cache_dir());
}

int store__lock(int fd, const char *name)
{
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB); tries++) {
		if (errno != EWOULDBLOCK)
			return err_sys("%s: lock", name);
		if (interrupt__signal())
			return -EINTR;
		if (tries == 20)
			say("%s: another command is making it; waiting", name);
		usleep(100000);
	}
	return 0;
}

int store__open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* --- what there is --- */

struct entry {
	char *path;
	struct timespec used;
	uint64_t bytes;
};

static uint64_t disk_usage(const char *path)
{
	DIR *dir = opendir(path);
	uint64_t bytes = 0;
	struct stat st;

	for (struct dirent *e; dir && (e = readdir(dir));)
		if (!fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode))
			bytes += st.st_blocks * 512ULL;
	if (dir)
		closedir(dir);
	return bytes;
}

bool store__remove(const char *dir)
{
	cleanup_fd int fd = store__open(dir);

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
			store__remove(path);
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

uint64_t store__bytes(void)
{
	cleanup_free char *store = store__dir();
	uint64_t total = 0;
	size_t n;
	struct entry *entries = list_entries(store, &n);

	for (size_t i = 0; i < n; i++)
		total += entries[i].bytes;
	free_entries(entries, n);
	return total;
}

/* --- hot and cold --- */

/* A lock on the base of the snapshot in the folder `dir`, with flock()'s `how`, or -1. */
static int lock_base(const char *dir, int how)
{
	cleanup_free char *base = xprintf("%s/base", dir);
	cleanup_fd int fd = store__open(base);

	return fd >= 0 && !flock(fd, how) ? steal_fd(&fd) : -1;
}

/* "DIR/ram.ID.zst"; the base's state is another one when it was made anew. NULL when there is no base. */
static char *packed_path(const char *dir)
{
	cleanup_free char *state = xprintf("%s/base/state", dir), *id = NULL;
	cleanup_buf struct buf b = { 0 };

	if (file__read(state, &b))
		return NULL;
	id = hash_hex(b.data, b.len);
	return xprintf("%s/ram.%.16s.zst", dir, id);
}

/* Makes the file `to` in the folder from another one and the base's memory, whole or not at all. */
static int make_file(const char *dir, const char *from, const char *to,
		     int (*fn)(const char *from, const char *base, const char *to))
{
	cleanup_free char *base = xprintf("%s/base/ram", dir);
	cleanup_free char *tmp = xprintf("%s/tmp.%d", dir, getpid());
	int err = fn(from, base, tmp);

	if (!err && rename(tmp, to))
		err = err_sys("%s", to);
	if (err)
		unlink(tmp);
	return err;
}

int store__unpack(const char *dir, bool *grown)
{
	cleanup_free char *ram = xprintf("%s/ram", dir), *packed = NULL;
	cleanup_fd int base = -1;
	int err;

	*grown = access(ram, F_OK);
	if (!*grown)
		return 0;
	base = lock_base(dir, LOCK_SH);
	packed = base < 0 ? NULL : packed_path(dir);
	if (!packed || access(packed, F_OK))
		return -ESTALE;
	err = make_file(dir, packed, ram, sparse__unpack);
	return err == -EBADMSG ? err_msg("%s: damaged; remove that folder", dir) : err;
}

/* Removes what killed processes left, and what was packed against another base than `packed`; nobody else is in the
 * folder.
 */
static void tidy(const char *path, const char *packed)
{
	DIR *dir = opendir(path);

	for (struct dirent *e; dir && (e = readdir(dir));)
		if (!strncmp(e->d_name, "tmp.", 4) ||
		    (!strncmp(e->d_name, "ram.", 4) && strcmp(e->d_name, strrchr(packed, '/') + 1)))
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
}

/* Leaves what differs from the base's memory only: a tenth of the room, and a moment to bring it back. A base stays
 * as it is.
 */
static void pack(struct entry *e)
{
	cleanup_free char *ram = xprintf("%s/ram", e->path), *packed = NULL;
	cleanup_fd int fd = store__open(e->path), base = -1;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) || access(ram, F_OK))
		return;
	base = lock_base(e->path, LOCK_SH | LOCK_NB);
	packed = base < 0 ? NULL : packed_path(e->path);
	if (!packed)
		return;
	tidy(e->path, packed);
	if (!access(packed, F_OK) || !make_file(e->path, ram, packed, sparse__pack))
		unlink(ram);
	e->bytes = disk_usage(e->path);
}

static void drop(struct entry *e)
{
	if (store__remove(e->path))
		e->bytes = 0;
}

/* Packs or drops the least recently used ones until the rest fits. */
static uint64_t shrink(struct entry *entries, size_t n, uint64_t max_bytes, bool packing)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += entries[i].bytes;
	for (size_t i = 0; i < n && total > max_bytes && !interrupt__signal(); i++) {
		total -= entries[i].bytes;
		if (packing)
			pack(&entries[i]);
		else
			drop(&entries[i]);
		total += entries[i].bytes;
	}
	return total;
}

void store__keep_within(uint64_t max_bytes)
{
	cleanup_free char *store = store__dir();
	size_t n;
	struct entry *entries = list_entries(store, &n);

	if (shrink(entries, n, max_bytes, true) > max_bytes)
		shrink(entries, n, max_bytes, false);
	free_entries(entries, n);
}

/* Packing takes room first, so on a full disk snapshots go at once. */
static void drop_all(const char *store)
{
	size_t n;
	struct entry *entries = list_entries(store, &n);

	shrink(entries, n, 0, false);
	free_entries(entries, n);
}

/* A guest whose memory finds no room on the disk dies of it without a word. */
int store__check_space(void)
{
	cleanup_free char *store = store__dir();
	uint64_t needed = (VM_RAM_MB + 64ULL) << 20, left = 0;
	struct statvfs vfs;

	for (int tries = 0; tries < 2; tries++) {
		if (statvfs(store, &vfs))
			return err_sys("%s", store);
		left = vfs.f_bavail * vfs.f_frsize;
		if (left >= needed)
			return 0;
		drop_all(store);
	}
	err_msg("%s: %llu MB free, a snapshot needs %llu; free some, or name a folder on another "
		"disk in XDG_CACHE_HOME",
		store, (unsigned long long)left >> 20, (unsigned long long)needed >> 20);
	return -ENOSPC;
}

void store__forget_older(const char *name)
{
	cleanup_free char *store = store__dir();
	size_t n, stem = strrchr(name, '.') - name + 1;
	struct entry *entries = list_entries(store, &n);

	for (size_t i = 0; i < n; i++)
		if (!strncmp(strrchr(entries[i].path, '/') + 1, name, stem))
			store__remove(entries[i].path);
	free_entries(entries, n);
}

/* --- the bound --- */

static char *bound_file(void)
{
	return xprintf("%s/snapshots.mb", cache_dir());
}

uint64_t store__bound(void)
{
	cleanup_free char *path = bound_file();
	cleanup_buf struct buf b = { 0 };
	const char *mb = getenv("WORKBOOK_SNAPSHOTS_MB");
	uint64_t bound = 12ULL << 30, n;
	struct statvfs vfs;

	if (!mb && !file__read(path, &b) && b.len) {
		b.data[strcspn(b.data, "\n")] = '\0';
		mb = b.data;
	}
	if (mb && !parse_u64(mb, &n))
		return n << 20;
	if (!statvfs(cache_dir(), &vfs)) {
		uint64_t third = (vfs.f_bavail * vfs.f_frsize + store__bytes()) / 3;

		bound = third < bound ? third : bound;
	}
	return bound;
}

int store__set_bound(uint64_t mb)
{
	cleanup_free char *path = bound_file(), *text = xprintf("%llu\n", (unsigned long long)mb);
	int err = file__mkdirs(cache_dir());

	return err ? err : file__write(path, text, strlen(text));
}
