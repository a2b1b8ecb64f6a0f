// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the processes and threads that each process starts; go away and come back. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>
#include <bpf/libbpf.h>
#include "ship-it.h"
#include "ship-it.skel.h"
#include "tool.h"

/* --- args --- */
static struct env {
	const char *pin, *unpin;
	bool verbose;
} env;

static const struct argp_option opts[] = {
	{ "pin", 'p', "DIR", 0, "Stay attached at the end; go on from what is in DIR", 0 },
	{ "unpin", 'u', "DIR", 0, "Detach what --pin has left in DIR", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		env.pin = arg;
		return 0;
	case 'u':
		env.unpin = arg;
		return 0;
	case 'v':
		env.verbose = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.doc = "Count the processes and threads that each process starts; Ctrl-C prints the "
	       "counts.",
};

/* --- types --- */
/* A row for each kernel whose types this binary carries. */
static const struct carried {
	const char *release;
	int size;
	const char *btf;
} carried[] = {
#include "ship-it.btf.h"
};

/* --- helpers --- */
static volatile sig_atomic_t exiting;

static void sig_handler(int sig)
{
	exiting = 1;
}

static int libbpf_print_fn(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG && !env.verbose)
		return 0;
	return vfprintf(stderr, format, args);
}

static const struct carried *find_carried(const char *release)
{
	for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++)
		if (!strcmp(carried[i].release, release))
			return &carried[i];
	fprintf(stderr,
		"%s: types: this kernel, %s, does not tell its own, and none of those in this "
		"binary are its; boot a kernel that has /sys/kernel/btf/vmlinux, or build for "
		"this one\n",
		program_invocation_short_name, release);
	return NULL;
}

/* Where libbpf finds the kernel's types: an empty `path` where it finds them by itself. */
static int find_types(char *path, size_t size)
{
	const struct carried *types;
	struct utsname kernel;
	int fd;

	*path = '\0';
	if (!access("/sys/kernel/btf/vmlinux", R_OK))
		return 0;
	uname(&kernel);
	types = find_carried(kernel.release);
	if (!types)
		return -ENOENT;
	fd = memfd_create("btf", MFD_CLOEXEC);
	if (fd < 0)
		return explain("types", -errno);
	if (write(fd, types->btf, types->size) != types->size)
		return explain("types", -EIO);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return 0;
}

static int check_pin_dir(const char *dir)
{
	struct statfs fs;

	if (!statfs(dir, &fs) && fs.f_type == BPF_FS_MAGIC && !access(dir, W_OK | X_OK))
		return 0;
	fprintf(stderr,
		"%s: %s: no folder in a bpffs that this user may write to; as root: "
		"mount -t bpf bpf DIR && chown USER DIR\n",
		program_invocation_short_name, dir);
	return -EINVAL;
}

static const char *pin_path(const char *dir, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* The link goes first: where it is, its maps are. */
static int unpin(const char *dir)
{
	static const char *const names[] = { "link", "counts", "bss" };

	for (int i = 0; i < 3; i++) {
		const char *path = pin_path(dir, names[i]);

		if (unlink(path) && errno != ENOENT) {
			fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, path,
				strerror(errno));
			return 1;
		}
	}
	return 0;
}

/* --- output --- */
static int print_counts(struct bpf_map *counts)
{
	__u32 *prev = NULL, pid;
	struct started started;
	int err;

	while (!(err = bpf_map__get_next_key(counts, prev, &pid, sizeof(pid)))) {
		err = bpf_map__lookup_elem(counts, &pid, sizeof(pid), &started, sizeof(started), 0);
		if (err)
			return explain("counts: lookup", err);
		printf("%-8u %-9llu %llu\n", pid, started.processes, started.threads);
		prev = &pid;
	}
	return err == -ENOENT ? 0 : explain("counts: next key", err);
}

/* Not skel->bss->lost: a map that was there before need not be behind that pointer. */
static void print_lost(struct bpf_map *bss)
{
	struct ship_it_bpf__bss vars = {};
	__u32 zero = 0;

	bpf_map__lookup_elem(bss, &zero, sizeof(zero), &vars, sizeof(vars), 0);
	if (vars.lost)
		fprintf(stderr, "lost %llu events\n", vars.lost);
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_object_open_opts, open_opts);
	struct ship_it_bpf *skel = NULL;
	bool attached = false;
	char types[32];
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	signal(SIGINT, sig_handler);
	signal(SIGTERM, sig_handler);
	if (env.unpin)
		return unpin(env.unpin);

	/* --- open --- */
	err = env.pin ? check_pin_dir(env.pin) : 0;
	if (!err)
		err = find_types(types, sizeof(types));
	if (err)
		goto cleanup;
	if (*types)
		open_opts.btf_custom_path = types;
	skel = ship_it_bpf__open_opts(&open_opts);
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- load --- */
	if (env.pin) {
		attached = !access(pin_path(env.pin, "link"), F_OK);
		bpf_program__set_autoload(skel->progs.count_task, !attached);
		bpf_map__set_pin_path(skel->maps.counts, pin_path(env.pin, "counts"));
		bpf_map__set_pin_path(skel->maps.bss, pin_path(env.pin, "bss"));
	}
	err = ship_it_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = ship_it_bpf__attach(skel);
	if (!err && env.pin && !attached)
		err = bpf_link__pin(skel->links.count_task, pin_path(env.pin, "link"));
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	printf("%-8s %-9s %s\n", "PID", "PROCESSES", "THREADS");
	while (!exiting)
		sleep(1);

	/* --- output --- */
	err = print_counts(skel->maps.counts);
	print_lost(skel->maps.bss);

	/* --- cleanup --- */
cleanup:
	ship_it_bpf__destroy(skel);
	return err ? 1 : 0;
}
