// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "build.h"
#include "image.h"
#include "proc.h"

#define BUILD_MS (20 * 60 * 1000) /* the first build makes an image for vmlinux.h */
#define FACTS_MS 20000

int build__targets(const struct strings *targets, struct buf *messages)
{
	const char *const make[] = { "make", "-s", "--no-print-directory", "-C", project_root() };
	cleanup_free const char **argv =
		xcalloc(ARRAY_SIZE(make) + targets->count + 1, sizeof(*argv));
	int status;

	memcpy(argv, make, sizeof(make));
	for (size_t i = 0; i < targets->count; i++)
		argv[ARRAY_SIZE(make) + i] = targets->items[i];
	status = proc__run(argv, NULL, messages, BUILD_MS);
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
