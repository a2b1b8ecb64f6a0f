// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show the files that processes read and write most, each interval. */

/* --- includes --- */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "port-a-tool.h"
#include "port-a-tool.skel.h"
#include "tool.h"

/* --- args --- */
/* What the table can be sorted by, and where that is in a tally. */
static const struct column {
	const char *name;
	size_t offset;
} sorts[] = {
	{ "reads", offsetof(struct tally, reads) },   { "writes", offsetof(struct tally, writes) },
	{ "rbytes", offsetof(struct tally, rbytes) }, { "wbytes", offsetof(struct tally, wbytes) },
	{ "failed", offsetof(struct tally, failed) },
};

static struct env {
	long pid, uid, rows, interval, count;
	const struct column *sort;
	const char *name;
	bool all, failed, timestamp, verbose;
} env = {
	.pid = NO_PID,
	.uid = ANY_UID,
	.rows = 20,
	.interval = 1,
	.sort = &sorts[2],
};

static const struct argp_option opts[] = {
	{ "pid", 'p', "PID", 0, "Only this process", 0 },
	{ "uid", 'u', "UID", 0, "Only processes of this user", 0 },
	{ "all", 'a', NULL, 0, "Not only regular files", 0 },
	{ "name", 'n', "TEXT", 0, "Only files whose names contain this", 0 },
	{ "failed", 'x', NULL, 0, "Only with calls that failed", 0 },
	{ "sort", 's', "COLUMN", 0,
	  "What comes first: reads, writes, rbytes (default), wbytes, failed", 0 },
	{ "rows", 'r', "ROWS", 0, "Rows of a table (default 20)", 0 },
	{ "timestamp", 'T', NULL, 0, "Add the time of day", 0 },
	{ "verbose", 'v', NULL, 0, "Show libbpf's debug messages", 0 },
	{ 0 },
};

static const struct column *find_sort(const char *name)
{
	for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
		if (!strcmp(sorts[i].name, name))
			return &sorts[i];
	return NULL;
}

static void parse_position(char *arg, struct argp_state *state)
{
	if (state->arg_num > 1)
		argp_error(state, "an interval and a count are enough");
	else if (parse_number(arg, 1, 86400, state->arg_num ? &env.count : &env.interval))
		argp_error(state, "%s is 1 to 86400, not '%s'",
			   state->arg_num ? "the count" : "the interval", arg);
}

static error_t parse_arg(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		if (parse_number(arg, 1, 1 << 22, &env.pid))
			argp_error(state, "--pid takes 1 to 4194304, not '%s'", arg);
		return 0;
	case 'u':
		if (parse_number(arg, 0, ANY_UID - 1, &env.uid))
			argp_error(state, "--uid takes 0 to 4294967294, not '%s'", arg);
		return 0;
	case 'a':
		env.all = true;
		return 0;
	case 'n':
		env.name = arg;
		return 0;
	case 'x':
		env.failed = true;
		return 0;
	case 's':
		env.sort = find_sort(arg);
		if (!env.sort)
			argp_error(state, "--sort: no column '%s'", arg);
		return 0;
	case 'r':
		if (parse_number(arg, 1, MAX_FILES, &env.rows))
			argp_error(state, "--rows takes 1 to %d, not '%s'", MAX_FILES, arg);
		return 0;
	case 'T':
		env.timestamp = true;
		return 0;
	case 'v':
		env.verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		parse_position(arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = opts,
	.parser = parse_arg,
	.args_doc = "[INTERVAL [COUNT]]",
	.doc = "Show the files that are read and written most, every INTERVAL seconds (default 1), "
	       "at once on SIGALRM, and for the last time on Ctrl-C or after COUNT tables.",
};

/* --- helpers --- */
static int libbpf_print_fn(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG && !env.verbose)
		return 0;
	return vfprintf(stderr, format, args);
}

/* --- output --- */
struct row {
	struct file_key key;
	struct tally tally;
};

static struct row rows[MAX_FILES];

/* Takes what the interval has brought out of the map; those that are wanted become rows. */
static int take_rows(struct bpf_map *files, size_t *nr_rows)
{
	static struct file_key keys[MAX_FILES];
	static struct tally tallies[MAX_FILES];
	__u32 place, nr = MAX_FILES;
	int err;

	*nr_rows = 0;
	err = bpf_map_lookup_and_delete_batch(bpf_map__fd(files), NULL, &place, keys, tallies, &nr,
					      NULL);
	if (err && err != -ENOENT)
		return explain("files: take", err);
	for (__u32 i = 0; i < nr; i++) {
		if (env.failed && !tallies[i].failed)
			continue;
		if (env.name && !strstr(tallies[i].name, env.name))
			continue;
		rows[(*nr_rows)++] = (struct row){ keys[i], tallies[i] };
	}
	return 0;
}

static __u64 sort_value(const struct row *row)
{
	return *(const __u64 *)((const char *)&row->tally + env.sort->offset);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int names;

	if (sort_value(x) != sort_value(y))
		return sort_value(x) > sort_value(y) ? -1 : 1;
	if (x->key.pid != y->key.pid)
		return x->key.pid < y->key.pid ? -1 : 1;
	names = strcmp(x->tally.name, y->tally.name);
	return names ? names : memcmp(&x->key, &y->key, sizeof(x->key));
}

static void print_row(const char *when, const struct row *row)
{
	const struct tally *t = &row->tally;

	printf("%s%-7u %-6llu %-6llu %-10llu %-10llu %-6llu %s\n", when, row->key.pid, t->reads,
	       t->writes, t->rbytes, t->wbytes, t->failed, t->name);
}

static int print_table(struct bpf_map *files)
{
	time_t now = time(NULL);
	char when[16] = "";
	size_t nr;
	int err;

	err = take_rows(files, &nr);
	if (err)
		return err;
	qsort(rows, nr, sizeof(rows[0]), compare_rows);
	if (env.timestamp)
		strftime(when, sizeof(when), "%H:%M:%S ", localtime(&now));
	for (size_t i = 0; i < nr && i < (size_t)env.rows; i++)
		print_row(when, &rows[i]);
	return 0;
}

/* --- loop --- */
/* Returns 1 when a signal ended it, so that the last interval is not over. */
static int print_tables(struct bpf_map *files, const sigset_t *signals)
{
	const struct timespec interval = { .tv_sec = env.interval };
	int sig, err, tables = 0;

	printf("%s%-7s %-6s %-6s %-10s %-10s %-6s %s\n", env.timestamp ? "TIME     " : "", "PID",
	       "READS", "WRITES", "RBYTES", "WBYTES", "FAILED", "FILE");
	do {
		sig = sigtimedwait(signals, NULL, &interval);
		if (sig == SIGINT || sig == SIGTERM)
			return 1;
		if (sig < 0 && errno != EAGAIN)
			continue; /* stopped, and let go on */
		err = print_table(files);
		if (err)
			return err;
		tables++;
	} while (!env.count || tables < env.count);
	return 0;
}

int main(int argc, char **argv)
{
	struct port_a_tool_bpf *skel;
	sigset_t signals;
	int err;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setlinebuf(stdout);
	libbpf_set_print(libbpf_print_fn);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGALRM);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	/* --- open --- */
	skel = port_a_tool_bpf__open();
	if (!skel) {
		err = explain("open", -errno);
		goto cleanup;
	}

	/* --- config --- */
	skel->rodata->targ_tgid = env.pid;
	skel->rodata->targ_uid = env.uid;
	skel->rodata->all_types = env.all;

	/* --- load --- */
	err = port_a_tool_bpf__load(skel);
	if (err) {
		explain("load", err);
		goto cleanup;
	}

	/* --- attach --- */
	err = port_a_tool_bpf__attach(skel);
	if (err) {
		explain("attach", err);
		goto cleanup;
	}

	/* --- loop --- */
	err = print_tables(skel->maps.files, &signals);

	/* --- cleanup --- */
	port_a_tool_bpf__detach(skel);
	if (err > 0)
		err = print_table(skel->maps.files);
	if (skel->bss->lost)
		fprintf(stderr, "lost %llu events\n", skel->bss->lost);
cleanup:
	port_a_tool_bpf__destroy(skel);
	return err ? 1 : 0;
}
