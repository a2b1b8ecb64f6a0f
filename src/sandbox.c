// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <glob.h>
#include <string.h>

#include "proc.h"
#include "rows.h"
#include "sandbox.h"

#define BUILD_MS     60000
#define CHECK_MS     10000
#define MESSAGES_MAX 8000	/* bytes that are kept of what compilers say */
#define PART_MAX     (32 << 20) /* bytes of a built file */

/* Everything is under one name inside, so that the same text builds to the same bytes anywhere. */
#define ROOT "/workbook"

/* A first line tells that the sandbox stands; what comes after it is the submission's doing. */
static const char script[] =
	"echo && "
	"make -s -o build/common.a -o build/compat.a -o build/vmlinux.h \"$1\" >&2 </dev/null && "
	"for part in \"$1\" \"$1.bpf.o\"; do stat -c %s \"$part\" && cat \"$part\" || exit; done";

/* For each process and for what they write: 3 GiB of memory, 40 s of CPU, files of 64 MiB. */
static const char *const limits[] = {
	"prlimit", "--as=3221225472", "--cpu=40", "--fsize=67108864", "--nproc=64", "--core=0",
};

/* The toolchain; of the host's files nothing else. */
static const char *const toolchain[] = {
	"bwrap",
	"--unshare-all",
	"--die-with-parent",
	"--new-session",
	"--as-pid-1",
	"--cap-drop",
	"ALL",
	"--clearenv",
	"--setenv",
	"PATH",
	"/usr/bin:/usr/sbin",
	"--setenv",
	"HOME",
	"/tmp",
	"--setenv",
	"LC_ALL",
	"C.UTF-8",
	"--symlink",
	"usr/bin",
	"/bin",
	"--symlink",
	"usr/sbin",
	"/sbin",
	"--symlink",
	"usr/lib",
	"/lib",
	"--symlink",
	"usr/lib64",
	"/lib64",
	"--ro-bind",
	"/etc/alternatives",
	"/etc/alternatives",
	"--dev",
	"/dev",
	"--size",
	"268435456",
	"--tmpfs",
	"/tmp",
	"--size",
	"134217728",
	"--tmpfs",
	ROOT,
	"--chdir",
	ROOT,
};

/* Where compilers, the linker, make and bpftool are, with what they read, on one distribution or another. */
static const char *const installed[] = {
	"/usr/bin",
	"/usr/sbin",
	"/usr/include",
	"/usr/lib64",
	"/usr/lib/*-linux-gnu",
	"/usr/lib/gcc",
	"/usr/libexec/gcc",
	"/usr/lib/llvm-*",
	"/usr/lib/clang",
	"/usr/lib/linux-tools*",
};

/* What our rules read, from the project's root. */
static const char *const shared[] = {
	"Makefile",	  "libbpf/common",  "build/vmlinux.h", "build/vmlinux.from",
	"build/common.a", "build/compat.a", "build/facts",
};

static void add(struct strings *args, const char *const more[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		strings__add(args, xstrdup(more[i]));
}

static void add_toolchain(struct strings *args)
{
	glob_t found = { 0 };

	add(args, toolchain, ARRAY_SIZE(toolchain));
	for (size_t i = 0; i < ARRAY_SIZE(installed); i++)
		glob(installed[i], i ? GLOB_APPEND : 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *const bind[] = { "--ro-bind", found.gl_pathv[i], found.gl_pathv[i] };

		add(args, bind, ARRAY_SIZE(bind));
	}
	globfree(&found);
}

static void begin(struct strings *args)
{
	add_toolchain(args);
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		strings__add(args, xstrdup("--ro-bind"));
		strings__add(args, xprintf("%s/%s", project_root(), shared[i]));
		strings__add(args, xprintf(ROOT "/%s", shared[i]));
	}
}

/* bwrap writes the file, whose name becomes `path`'s, from a descriptor. */
static void add_file(struct strings *args, int fd, char *path)
{
	strings__add(args, xstrdup("--file"));
	strings__add(args, xprintf("%d", fd));
	strings__add(args, path);
}

static int run(struct strings *args, const char *const command[], size_t n, struct buf *out,
	       struct buf *said)
{
	add(args, limits, ARRAY_SIZE(limits));
	add(args, command, n);
	strings__add(args, NULL);
	return proc__run((const char *const *)args->items, out, said, BUILD_MS);
}

static int run_make(const struct handed_in *h, struct buf *out, struct buf *said)
{
	cleanup_free char *target = xprintf("build/exercises/%s/%s", h->unit->name, h->unit->topic);
	const char *const command[] = { "sh", "-c", script, "build", target };
	cleanup_strings struct strings args = { 0 };
	int fds[NR_SOURCES], err = 0;

	begin(&args);
	for (int i = 0; i < NR_SOURCES; i++) {
		fds[i] = proc__memory_file(h->source[i].data, h->source[i].len);
		err = fds[i] < 0 ? fds[i] : err;
		add_file(&args, fds[i],
			 xprintf(ROOT "/exercises/%s/%s%s", h->unit->name, h->unit->topic,
				 unit_sources[i]));
	}
	if (!err)
		err = run(&args, command, ARRAY_SIZE(command), out, said);
	for (int i = 0; i < NR_SOURCES; i++)
		close_fd(&fds[i]);
	return err;
}

/* In a sandbox of its own: what a source has made of a compiler has no say in what its object holds. */
static int run_facts(const struct built *b, struct buf *facts, struct buf *said)
{
	static const char *const command[] = { "build/facts", ROOT "/object.bpf.o" };
	cleanup_strings struct strings args = { 0 };

	begin(&args);
	add_file(&args, b->object, xstrdup(command[1]));
	return run(&args, command, ARRAY_SIZE(command), facts, said);
}

/* --- what came out --- */

/* The next part of "SIZE\nBYTES..."; NULL when it is not whole. */
static const char *next_part(const char **at, const char *end, size_t *len)
{
	const char *newline = memchr(*at, '\n', end - *at);
	cleanup_free char *number = newline ? strndup(*at, newline - *at) : NULL;
	uint64_t size;

	if (!number || parse_u64(number, &size) || size > PART_MAX ||
	    size > (size_t)(end - newline - 1))
		return NULL;
	*at = newline + 1 + size;
	*len = size;
	return newline + 1;
}

bool built__take(struct built *b, const char *data, size_t len)
{
	const char *at = data, *end = data + len, *part;

	part = next_part(&at, end, &len);
	if (part)
		b->program = proc__memory_file(part, len);
	part = part ? next_part(&at, end, &len) : NULL;
	if (part)
		b->object = proc__memory_file(part, len);
	return part && at == end && b->program >= 0 && b->object >= 0;
}

/* All that is no plain text is spelled out. */
static void take_messages(struct built *b, const struct buf *said)
{
	size_t len = said->len < MESSAGES_MAX ? said->len : MESSAGES_MAX;

	text__visible_lines(&b->messages, (struct text){ said->data, len });
	if (len && said->data[len - 1] != '\n')
		buf__add(&b->messages, "\n", 1);
	if (said->len > MESSAGES_MAX)
		buf__printf(&b->messages, "... (%zu bytes more)\n", said->len - MESSAGES_MAX);
}

/* A virtual machine's sandbox has a /proc, which a container has to allow as well. */
int sandbox__check(void)
{
	static const char *const trial[] = { "--proc", "/proc", "true" };
	cleanup_strings struct strings args = { 0 };
	cleanup_buf struct buf said = { 0 };
	int status;

	add_toolchain(&args);
	add(&args, trial, ARRAY_SIZE(trial));
	strings__add(&args, NULL);
	status = proc__run((const char *const *)args.items, NULL, &said, CHECK_MS);
	if (status <= 0)
		return status;
	return err_msg("the sandbox for submissions does not start: %.300s"
		       "It is bubblewrap, which wants namespaces: install it, run containers with "
		       "--privileged, and where users may make none `sysctl "
		       "kernel.unprivileged_userns_clone=1`; nothing is built without it",
		       said.data);
}

int sandbox__build(const struct handed_in *h, struct built *b)
{
	cleanup_buf struct buf out = { 0 }, said = { 0 };
	const char *refused = handed_in__refused(h);
	int status;

	*b = (struct built){ .program = -1, .object = -1, .source = -1 };
	if (refused) {
		buf__printf(&b->messages, "%s: not built\n", refused);
		return 0;
	}
	status = run_make(h, &out, &said);
	/* What is said tells nothing: a compiler may say what a submission wants. */
	if (!out.len && status >= 0)
		return err_msg("the sandbox does not start: %.300s", said.data);
	b->ok = !status && built__take(b, out.data + 1, out.len - 1);
	if (b->ok) {
		status = run_facts(b, &b->facts, &said);
		b->ok = !status;
	}
	if (status == -ETIMEDOUT)
		buf__printf(&b->messages, "not built within %d s\n", BUILD_MS / 1000);
	else if (status < 0)
		return status;
	take_messages(b, &said);
	if (!b->ok && !b->messages.len)
		buf__printf(&b->messages, "the build was stopped: it took more than it may\n");
	b->source = proc__memory_file(h->source[1].data, h->source[1].len);
	return b->source < 0 ? b->source : 0;
}

void built__free(struct built *b)
{
	buf__free(&b->messages);
	buf__free(&b->facts);
	close_fd(&b->program);
	close_fd(&b->object);
	close_fd(&b->source);
	*b = (struct built){ .program = -1, .object = -1, .source = -1 };
}
