// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
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
	"build/facts \"$1.bpf.o\" >facts && "
	"for part in facts \"$1\" \"$1.bpf.o\"; do stat -c %s \"$part\" && cat \"$part\" || exit; "
	"done";

/* For each process and for what they write: 3 GiB of memory, 40 s of CPU, files of 64 MiB. */
static const char *const limits[] = {
	"prlimit",    "--as=3221225472", "--cpu=40", "--fsize=67108864",
	"--nproc=64", "--core=0",	 "sh",	     "-c",
	script,	      "build",
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
	"--ro-bind",
	"/usr",
	"/usr",
	"--tmpfs",
	"/usr/local",
	"--tmpfs",
	"/usr/src",
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

/* What our rules read, from the project's root. */
static const char *const shared[] = {
	"Makefile",	  "libbpf/common",  "build/vmlinux.h", "build/vmlinux.from",
	"build/common.a", "build/compat.a", "build/facts",
};

struct command {
	struct strings args;
	int fds[NR_SOURCES];
};

static void add(struct command *c, const char *const args[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		strings__add(&c->args, xstrdup(args[i]));
}

static void add_bind(struct command *c, const char *path)
{
	strings__add(&c->args, xstrdup("--ro-bind"));
	strings__add(&c->args, xprintf("%s/%s", project_root(), path));
	strings__add(&c->args, xprintf(ROOT "/%s", path));
}

/* bwrap writes the file from a descriptor. */
static int add_source(struct command *c, const struct handed_in *h, int i)
{
	c->fds[i] = proc__memory_file(h->source[i].data, h->source[i].len);
	if (c->fds[i] < 0)
		return c->fds[i];
	strings__add(&c->args, xstrdup("--file"));
	strings__add(&c->args, xprintf("%d", c->fds[i]));
	strings__add(&c->args, xprintf(ROOT "/exercises/%s/%s%s", h->unit->name, h->unit->topic,
				       unit_sources[i]));
	return 0;
}

static int make_command(struct command *c, const struct handed_in *h)
{
	int err = 0;

	for (int i = 0; i < NR_SOURCES; i++)
		c->fds[i] = -1;
	add(c, toolchain, ARRAY_SIZE(toolchain));
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		add_bind(c, shared[i]);
	for (int i = 0; i < NR_SOURCES && !err; i++)
		err = add_source(c, h, i);
	add(c, limits, ARRAY_SIZE(limits));
	strings__add(&c->args, xprintf("build/exercises/%s/%s", h->unit->name, h->unit->topic));
	strings__add(&c->args, NULL);
	return err;
}

static void command__free(struct command *c)
{
	for (int i = 0; i < NR_SOURCES; i++)
		close_fd(&c->fds[i]);
	strings__free(&c->args);
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
		buf__add(&b->facts, part, len);
	part = part ? next_part(&at, end, &len) : NULL;
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
	struct command c = { .fds = { -1, -1, -1 } };
	cleanup_buf struct buf said = { 0 };
	int status;

	add(&c, toolchain, ARRAY_SIZE(toolchain));
	add(&c, trial, ARRAY_SIZE(trial));
	strings__add(&c.args, NULL);
	status = proc__run((const char *const *)c.args.items, NULL, &said, CHECK_MS);
	command__free(&c);
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
	struct command c = { 0 };
	int status;

	*b = (struct built){ .program = -1, .object = -1, .source = -1 };
	if (h->refused) {
		buf__printf(&b->messages, "%s: not built\n", h->refused);
		return 0;
	}
	status = make_command(&c, h);
	if (!status)
		status = proc__run((const char *const *)c.args.items, &out, &said, BUILD_MS);
	command__free(&c);
	if (status == -ETIMEDOUT)
		buf__printf(&b->messages, "not built within %d s\n", BUILD_MS / 1000);
	else if (status < 0)
		return status;
	/* What is said tells nothing: a compiler may say what a submission wants. */
	if (!out.len)
		return err_msg("the sandbox does not start: %.300s", said.data);
	b->ok = !status && built__take(b, out.data + 1, out.len - 1);
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
