/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef IMAGE_H
#define IMAGE_H

#include "text.h"
#include "util.h"

/* --- the kernels: src/kernels.tsv --- */

/* A row of the table. `mirrors` are blank-separated, in the order they are tried. */
struct kernel {
	char *name, *suites, *package, *mirrors;
};

struct kernels {
	struct kernel *items;
	size_t count;
};

/* Reads the table's text into `k`, in its order. Returns 0 or -EINVAL after printing which line is
 * wrong. Either way `k` is the caller's to free.
 */
int kernels__parse(struct kernels *k, const char *text, size_t len);
/* The same for the project's table. Returns 0 or -errno after printing the error. */
int kernels__load(struct kernels *k);
void kernels__free(struct kernels *k);
#define cleanup_kernels __attribute__((cleanup(kernels__free)))
/* NULL when there is none of that name. */
const struct kernel *kernels__find(const struct kernels *k, const char *name);
/* Adds the kernel `name`, or every one for "all", to `chosen` unless it is there. Returns 0 or
 * -errno after printing the error.
 */
int kernels__choose(struct strings *chosen, const char *name);

/* --- images: a kernel with its suite's user space, ready to boot --- */

/* What an image was made of, in 16 hex digits: the recipe and the row, but not the mirrors. The
 * caller frees it.
 */
char *image__key(const struct kernel *k, const char *recipe, size_t len);

/* `dir` holds root.ext4, vmlinuz, vmlinux.btf, modules/NAME.ko, modules.list (a file name a line, in
 * load order), release (`release` in a file) and packages.txt. A folder with that name is complete.
 */
struct image {
	char *kernel, *dir, *release;
	int lock; /* shared, on `dir`: a newer image does not remove it before image__free() */
};

/* The image of `kernel`, built when it is missing or older than its recipe: that takes a minute, and
 * what goes on is told on stderr. Returns 0 with an image to free in `out`, or -errno after printing
 * the error; -EINTR when interrupted.
 */
int image__get(const char *kernel, struct image **out);
/* The same without building: -ENOENT, printing nothing, when there is none. */
int image__find(const char *kernel, struct image **out);
void image__free(struct image *image);

/* --- shared with others --- */

/* ${XDG_CACHE_HOME:-~/.cache}/bcc-to-libbpf, made when missing. Never NULL; that it cannot be made
 * is printed once, and shows when a file is written there.
 */
const char *cache_dir(void);

/* SHA-256 in 64 hex digits, for the caller to free. */
char *hash_hex(const void *data, size_t len);

#endif
