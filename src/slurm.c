// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "interrupt.h"
#include "proc.h"
#include "slurm.h"

#define COMMAND_MS 90000 /* they try to reach a controller for 60 s */
#define POLL_MS	   5000	 /* a controller has better things to do */

/* Runs one of Slurm's commands. Returns 0, or -errno with what it said in `err`; -ENOENT: there is none. */
static int run_command(const char *const argv[], struct buf *out, struct buf *err)
{
	int status = proc__run(argv, out, err, COMMAND_MS);

	buf__add(out, "", 0);
	buf__add(err, "", 0);
	return status == 127 ? -ENOENT : status > 0 ? -EIO : status;
}

/* Prints what came of a command, in its own words. */
static int complain(const char *command, int err, const struct buf *said)
{
	cleanup_free char *prefix = xprintf("%s: ", command);
	cleanup_free char *why = text__trim(said->data, said->len);
	bool named = text__starts(why, strlen(why), prefix);

	if (err == -ENOENT)
		err_msg("%s: Slurm's commands are not there; apt-get install slurm-client",
			command);
	else if (err == -ETIMEDOUT)
		err_msg("%s: no answer; `scontrol ping` asks for the controller", command);
	else if (err != -EINTR)
		err_msg("%s%s%s", named ? "" : prefix, why,
			strstr(why, "configuration source") || strstr(why, "contact slurm")
				? "\n`scontrol ping` tells whether a controller is reached; "
				  "SLURM_CONF names another slurm.conf"
				: "");
	return err;
}

int slurm__nodes(void)
{
	static const char *const argv[] = {
		"sinfo",  "--noheader",	 "--responding",
		"--Node", "--format=%N", "--states=idle,mixed,allocated,completing",
		NULL
	};
	cleanup_buf struct buf out = { 0 }, said = { 0 };
	cleanup_strings struct strings nodes = { 0 };
	int err = run_command(argv, &out, &said);

	if (err)
		return complain("sinfo", err, &said);
	/* A node has a line for each of its partitions. */
	for (struct lines l = lines_of(out.data, out.len); lines__next(&l);)
		strings__add(&nodes, text__trim(l.line, l.len));
	strings__sort(&nodes);
	return nodes.count ? nodes.count : 1;
}

static void add_all(struct strings *to, const struct strings *from)
{
	for (size_t i = 0; i < from->count; i++)
		strings__add(to, xstrdup(from->items[i]));
}

/* The script gets what it must know as arguments: nothing of the class is ever a shell's to read. */
static void sbatch_line(const struct slurm_job *job, struct strings *argv)
{
	static const char *const always[] = {
		"sbatch", "--parsable", "--job-name=workbook-grade",
		/* a node for each task, which gives the guests all its processors */
		"--nodes=1", "--exclusive",
		/* what a lost node had is begun again, and what that had printed is kept */
		"--requeue", "--open-mode=append",
		/* also where a site says otherwise: the cache's place, and --exercises */
		"--export=ALL"
	};

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		strings__add(argv, xstrdup(always[i]));
	strings__add(argv, xprintf("--array=1-%llu", (unsigned long long)job->shards));
	strings__add(argv, xprintf("--output=%s/%%a.out", job->parts));
	add_all(argv, job->options);
	strings__add(argv, xprintf("%s/src/slurm.sh", project_root()));
	strings__add(argv, xprintf("%s/workbook", project_root()));
	strings__add(argv, xprintf("%llu", (unsigned long long)job->shards));
	strings__add(argv, xstrdup(job->parts));
	add_all(argv, &job->arguments);
	strings__add(argv, NULL);
}

/* A folder that is there is another run's, unless that is to go on. */
static int make_folder(const struct slurm_job *job)
{
	if (!mkdir(job->parts, 0777) || (errno == EEXIST && job->again))
		return 0;
	if (errno == EEXIST)
		return err_msg("%s: exists already; name another with -o, or go on with "
			       "it by --resume",
			       job->parts);
	return err_sys("-o %s", job->parts);
}

int slurm__submit(const struct slurm_job *job, char **id)
{
	cleanup_buf struct buf out = { 0 }, said = { 0 };
	cleanup_strings struct strings argv = { 0 };
	int err = make_folder(job);

	if (err)
		return err;
	sbatch_line(job, &argv);
	err = run_command((const char *const *)argv.items, &out, &said);
	if (err == -EINTR)
		say("interrupted while submitting; `squeue --me` tells whether the job is there");
	if (err == -EIO)
		rmdir(job->parts); /* unless it holds something */
	if (err)
		return complain("sbatch", err, &said);
	/* "12", or "12;cluster" */
	*id = text__copy(out.data, strspn(out.data, "0123456789"));
	return 0;
}

/* --- following --- */

/* squeue(1): what it calls a task that has ended. */
static bool has_ended(const char *state)
{
	static const char *const ended[] = { "BOOT_FAIL",     "CANCELLED", "COMPLETED", "DEADLINE",
					     "FAILED",	      "NODE_FAIL", "PREEMPTED", "REVOKED",
					     "OUT_OF_MEMORY", "TIMEOUT" };

	for (size_t i = 0; i < ARRAY_SIZE(ended); i++)
		if (!strcmp(state, ended[i]))
			return true;
	return false;
}

struct task {
	char state[24];
};

static void tell_task(const struct slurm_job *job, unsigned long index, const char *state,
		      const char *node, const char *time)
{
	cleanup_free char *lower = xstrdup(state);

	for (char *c = lower; *c; c++)
		*c = tolower((unsigned char)*c);
	if (*node)
		say("part %lu of %llu: %s on %s, %s", index, (unsigned long long)job->shards, lower,
		    node, time);
	else
		say("part %lu of %llu: %s", index, (unsigned long long)job->shards, lower);
}

/* Reads squeue's lines, tells what has changed, and returns how many tasks have not ended. */
static size_t take_states(const struct slurm_job *job, struct task *tasks, const struct buf *out)
{
	size_t live = 0;

	for (struct lines l = lines_of(out->data, out->len); lines__next(&l);) {
		char state[24], node[256] = "", time[24] = "";
		cleanup_free char *line = text__copy(l.line, l.len);
		unsigned long index;

		if (sscanf(line, "%lu|%23[^|]|%23[^|]|%255s", &index, state, time, node) < 3 ||
		    index < 1 || index > job->shards)
			continue;
		live += !has_ended(state);
		if (strcmp(tasks[index].state, state))
			tell_task(job, index, state, node, time);
		strcpy(tasks[index].state, state);
	}
	return live;
}

/* squeue knows a job for some minutes after its end, and needs no accounting database as sacct does. A
 * controller that does not answer is waited for: what it runs goes on.
 */
int slurm__follow(const struct slurm_job *job, const char *id)
{
	cleanup_free char *jobs = xprintf("--jobs=%s", id);
	const char *const argv[] = {
		"squeue", "--noheader", "--array", "--states=all", "--format=%K|%T|%M|%N",
		jobs,	  NULL
	};
	cleanup_free struct task *tasks = xcalloc(job->shards + 1, sizeof(*tasks));
	bool told = false;

	for (uint64_t i = 1; i <= job->shards; i++)
		strcpy(tasks[i].state, "PENDING");
	for (;;) {
		cleanup_buf struct buf out = { 0 }, said = { 0 };
		int err = run_command(argv, &out, &said);

		if (!err && !take_states(job, tasks, &out))
			return 0;
		if (err && strstr(said.data, "Invalid job id")) /* it has been forgotten */
			return 0;
		if (err && !told)
			complain("squeue", err, &said);
		told = err;
		if (interrupt__wait(-1, now_ms() + POLL_MS) && errno == EINTR)
			break;
	}
	say("job %s goes on without this command", id);
	say("  follow it:  squeue --jobs=%s; tail -f %s/*.out", id, job->parts);
	say("  cancel it:  scancel %s", id);
	return -EINTR;
}
