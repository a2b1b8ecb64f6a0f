// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "tool.h"

int parse_number(const char *arg, long min, long max, long *out)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(arg, &end, 10);
	if (errno || end == arg || *end || value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

static const char *mend(int err)
{
	switch (-err) {
	case EPERM:
		return "; run as root or give the binary CAP_BPF and CAP_PERFMON";
	case EACCES:
		return "; the verifier's log above says why; without one, the program reads more "
		       "than there is at its hook, or run as root, or give the binary CAP_BPF and "
		       "CAP_PERFMON, let it read /sys/kernel/tracing, and set "
		       "kernel.perf_event_paranoid to 2 or less";
	case ENOENT:
		return "; this kernel lacks a function, tracepoint or type that the program names";
	case EEXIST:
	case EBUSY:
		return "; another program is attached there";
	default:
		return "";
	}
}

int explain(const char *step, int err)
{
	char reason[128];

	libbpf_strerror(err, reason, sizeof(reason));
	fprintf(stderr, "%s: %s: %s%s\n", program_invocation_short_name, step, reason, mend(err));
	return err;
}
