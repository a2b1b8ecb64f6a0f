// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>

#include "image.h"
#include "image_build.h"
#include "interrupt.h"

#define KEY_DIGITS 16

/* --- shared with others --- */

const char *cache_dir(void)
{
	static char *dir;
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (dir)
		return dir;
	if (base && *base == '/') {
		dir = xprintf("%s/bcc-to-libbpf", base);
	} else {
		if (!home || *home != '/') {
			struct passwd *user = getpwuid(getuid());

			home = user ? user->pw_dir : "";
		}
		dir = xprintf("%s/.cache/bcc-to-libbpf", home);
	}
	file__mkdirs(dir);
	return dir;
}

char *hash_hex(const void *data, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf hex = { 0 };
	unsigned int n;

	if (!EVP_Digest(data, len, digest, &n, EVP_sha256(), NULL))
		abort();
	for (unsigned int i = 0; i < n; i++)
		buf__printf(&hex, "%02x", digest[i]);
	return hex.data;
}

/* --- the table of kernels --- */

static void kernel__free(struct kernel *k)
{
	free(k->name);
	free(k->suites);
	free(k->package);
	free(k->mirrors);
}

void kernels__free(struct kernels *k)
{
	for (size_t i = 0; i < k->count; i++)
		kernel__free(&k->items[i]);
	free(k->items);
	*k = (struct kernels){ 0 };
}

/* Four fields between tabs, none of them empty. */
static bool parse_row(struct kernel *k, const char *line, size_t len)
{
	char **fields[] = { &k->name, &k->suites, &k->package, &k->mirrors };
	const char *end = line + len;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *tab = memchr(line, '\t', end - line);
		bool last = i == ARRAY_SIZE(fields) - 1;

		if (last != !tab)
			return false;
		tab = tab ? tab : end;
		*fields[i] = text__trim(line, tab - line);
		if (!**fields[i])
			return false;
		line = tab + 1;
	}
	return true;
}

int kernels__parse(struct kernels *k, const char *text, size_t len)
{
	struct lines l = lines_of(text, len);

	while (lines__next(&l)) {
		struct kernel row = { 0 };

		if (text__blank(l.line, l.len) || *l.line == '#')
			continue;
		if (!parse_row(&row, l.line, l.len) || kernels__find(k, row.name)) {
			kernel__free(&row);
			return err_msg(
				"kernels.tsv:%u: wants a new name, suites, package and mirrors, "
				"with tabs between",
				l.number);
		}
		k->items = xrealloc(k->items, k->count + 1, sizeof(*k->items));
		k->items[k->count++] = row;
	}
	return 0;
}

/* Reads a file of src/. */
static int read_source(const char *name, struct buf *text)
{
	cleanup_free char *path = xprintf("%s/src/%s", project_root(), name);
	int err = file__read(path, text);

	if (!err)
		return 0;
	errno = -err;
	return err_sys("%s", path);
}

int kernels__load(struct kernels *k)
{
	cleanup_buf struct buf text = { 0 };
	int err = read_source("kernels.tsv", &text);

	return err ? err : kernels__parse(k, text.data, text.len);
}

const struct kernel *kernels__find(const struct kernels *k, const char *name)
{
	for (size_t i = 0; i < k->count; i++)
		if (!strcmp(k->items[i].name, name))
			return &k->items[i];
	return NULL;
}

static int unknown_kernel(const struct kernels *k, const char *name)
{
	cleanup_buf struct buf known = { 0 };

	for (size_t i = 0; i < k->count; i++)
		buf__printf(&known, "%s%s", i ? ", " : "", k->items[i].name);
	return err_msg("kernel %s: unknown; known are %s", name, known.data ? known.data : "none");
}

int kernels__choose(struct strings *chosen, const char *name)
{
	cleanup_kernels struct kernels k = { 0 };
	bool all = !strcmp(name, "all");
	int err = kernels__load(&k);

	if (err)
		return err;
	if (!all && !kernels__find(&k, name))
		return unknown_kernel(&k, name);
	for (size_t i = 0; i < k.count; i++)
		if ((all || !strcmp(k.items[i].name, name)) &&
		    !strings__has(chosen, k.items[i].name))
			strings__add(chosen, xstrdup(k.items[i].name));
	return 0;
}

/* --- images --- */

char *image__key(const struct kernel *k, const char *recipe, size_t len)
{
	cleanup_buf struct buf made_of = { 0 };
	char *key;

	buf__add(&made_of, recipe, len);
	buf__printf(&made_of, "%s\t%s\t%s\n", k->name, k->suites, k->package);
	key = hash_hex(made_of.data, made_of.len);
	key[KEY_DIGITS] = '\0';
	return key;
}

void image__free(struct image *image)
{
	if (!image)
		return;
	free(image->kernel);
	free(image->dir);
	free(image->release);
	close_fd(&image->lock);
	free(image);
}

/* All that finding, building and replacing a kernel's image takes. */
struct place {
	struct kernels kernels;
	const struct kernel *kernel;
	char *images, *name, *dir, *log, *lock;
};

static void place__free(struct place *p)
{
	kernels__free(&p->kernels);
	free(p->images);
	free(p->name);
	free(p->dir);
	free(p->log);
	free(p->lock);
}
#define cleanup_place __attribute__((cleanup(place__free)))

static int place__init(struct place *p, const char *kernel)
{
	cleanup_buf struct buf recipe = { 0 };
	cleanup_free char *key = NULL;
	int err = kernels__load(&p->kernels);

	if (!err)
		err = read_source("image.sh", &recipe);
	if (err)
		return err;
	p->kernel = kernels__find(&p->kernels, kernel);
	if (!p->kernel)
		return unknown_kernel(&p->kernels, kernel);
	key = image__key(p->kernel, recipe.data, recipe.len);
	p->images = xprintf("%s/images", cache_dir());
	p->name = xprintf("%s-%s", kernel, key);
	p->dir = xprintf("%s/%s", p->images, p->name);
	p->log = xprintf("%s/%s.log", p->images, kernel);
	p->lock = xprintf("%s/%s.lock", p->images, kernel);
	return 0;
}

static int find(const struct place *p, struct image **out)
{
	cleanup_free char *path = xprintf("%s/release", p->dir);
	cleanup_buf struct buf release = { 0 };
	int err = file__read(path, &release);

	if (err)
		return err;
	*out = xcalloc(1, sizeof(**out));
	(*out)->kernel = xstrdup(p->kernel->name);
	(*out)->dir = xstrdup(p->dir);
	(*out)->release = text__trim(release.data, release.len);
	(*out)->lock = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if ((*out)->lock >= 0)
		flock((*out)->lock, LOCK_SH | LOCK_NB);
	return 0;
}

int image__find(const char *kernel, struct image **out)
{
	cleanup_place struct place p = { 0 };
	int err = place__init(&p, kernel);

	return err ? err : find(&p, out);
}

/* The other images of this kernel, its name, "-" and a key, unless one is in use. */
static void remove_old(const struct place *p)
{
	size_t len = strlen(p->name);
	DIR *d = opendir(p->images);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		cleanup_free char *path = xprintf("%s/%s", p->images, e->d_name);

		cleanup_fd int lock = -1;

		if (strlen(e->d_name) != len || !strcmp(e->d_name, p->name) ||
		    strncmp(e->d_name, p->name, len - KEY_DIGITS))
			continue;
		lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (lock >= 0 && !flock(lock, LOCK_EX | LOCK_NB))
			file__remove_tree(path);
	}
	if (d)
		closedir(d);
}

/* Waits for whoever else builds this kernel's image. Returns the lock's descriptor or -errno. */
static int lock_build(const struct place *p)
{
	cleanup_fd int fd = open(p->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	bool told = false;

	if (fd < 0)
		return err_sys("%s", p->lock);
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys("%s", p->lock);
		if (!told)
			say("image %s: another workbook is building it; waiting", p->kernel->name);
		told = true;
		interrupt__wait_any(NULL, 0, now_ms() + 200);
		if (interrupt__signal())
			return -EINTR;
	}
	return steal_fd(&fd);
}

static int build(const struct place *p, struct image **out)
{
	cleanup_fd int lock = -1;
	int err = file__mkdirs(p->images);

	if (err)
		return err;
	lock = lock_build(p);
	if (lock < 0)
		return lock;
	if (!find(p, out))
		return 0;
	image_build__clean(p->images);
	err = image_build__run(p->kernel, p->dir, p->log);
	if (err)
		return err;
	remove_old(p);
	err = find(p, out);
	return err ? err_msg("%s: %s", p->dir, strerror(-err)) : 0;
}

int image__get(const char *kernel, struct image **out)
{
	cleanup_place struct place p = { 0 };
	int err = place__init(&p, kernel);

	if (err || !find(&p, out))
		return err;
	return build(&p, out);
}
