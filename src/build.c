// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "build.h"
#include "image.h"
#include "proc.h"

#define BUILD_MS (20 * 60 * 1000) /* the first build makes an image for vmlinux.h */
#define FACTS_MS 20000

/* --- make --- */

/* What a build calls, and the package it comes from; who sets the variable, means another program. */
static const struct {
	const char *program, *package, *variable;
} tools[] = {
	{ "make", "make", NULL },
	{ "cc", "gcc", "CC" },
	{ "clang", "clang", "CLANG" },
	{ "llvm-strip", "llvm", "LLVM_STRIP" },
	{ "bpftool", "bpftool", "BPFTOOL" },
	{ "pkg-config", "pkgconf", "PKG_CONFIG" },
};

static bool in_path(const char *program)
{
	/* The Makefile adds the latter two. */
	cleanup_free char *path = xprintf("%s:/usr/sbin:/sbin", getenv("PATH") ?: "");
	char *rest = path, *dir;

	while ((dir = strsep(&rest, ":"))) {
		cleanup_free char *file = xprintf("%s/%s", dir, program);

		if (!access(file, X_OK))
			return true;
	}
	return false;
}

/* Of the first tool that is missing, its place in the table; ARRAY_SIZE(tools) when none is. */
static size_t missing_tool(void)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(tools) &&
	       ((tools[i].variable && getenv(tools[i].variable)) || in_path(tools[i].program)))
		i++;
	return i;
}

/* The compiler has said what make's last line says again, with a number of its own. */
static void add_messages(struct buf *messages, const struct buf *said)
{
	for (struct lines l = lines_of(said->data, said->len); lines__next(&l);)
		if (!text__starts(l.line, l.len, "make: *** [") ||
		    !text__ends(l.line, l.len, "] Error 1"))
			buf__printf(messages, "%.*s\n", (int)l.len, l.line);
}

int build__targets(const struct strings *targets, struct buf *messages)
{
	const char *const make[] = { "make", "-s", "--no-print-directory", "-C", project_root() };
	cleanup_free const char **argv =
		xcalloc(ARRAY_SIZE(make) + targets->count + 1, sizeof(*argv));
	size_t missing = missing_tool();
	cleanup_buf struct buf said = { 0 };
	int status;

	memcpy(argv, make, sizeof(make));
	for (size_t i = 0; i < targets->count; i++)
		argv[ARRAY_SIZE(make) + i] = targets->items[i];
	/* Without a tool all may be built already; what fails then, fails for want of it. */
	status = proc__run(argv, NULL, messages || missing < ARRAY_SIZE(tools) ? &said : NULL,
			   BUILD_MS);
	if (status > 0 && missing < ARRAY_SIZE(tools))
		return err_msg("%s: not found; install it: sudo apt-get install %s",
			       tools[missing].program, tools[missing].package);
	if (messages)
		add_messages(messages, &said);
	if (status == -ETIMEDOUT)
		err_msg("make: not done within 20 minutes");
	if (status < 0)
		return status;
	return status ? 1 : 0;
}

int build__grader(const struct strings *units)
{
	cleanup_strings struct strings targets = { 0 };

	strings__split(&targets, "build/agent build/facts build/tags build/common.a build/compat.a "
				 "build/vmlinux.h");
	for (size_t i = 0; i < units->count; i++)
		strings__add(&targets, xprintf("build/tests/%s", units->items[i]));
	return build__targets(&targets, NULL) ? -EINVAL : 0;
}

int build__facts(const char *object, struct buf *facts)
{
	cleanup_free char *program = xprintf("%s/build/facts", project_root());
	const char *const argv[] = { program, object, NULL };
	cleanup_buf struct buf err = { 0 };
	int status = proc__run(argv, facts, &err, FACTS_MS);

	if (status == -EINTR)
		return status;
	if (status)
		return err_msg("%s: its facts cannot be read: %s", object, err.len ? err.data : "");
	return 0;
}
