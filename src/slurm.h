/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SLURM_H
#define SLURM_H

#include "text.h"

/* A class graded on a cluster: an array job with a task for each part. Slurm is reached by its commands
 * only; it retries what a lost node had.
 */
struct slurm_job {
	uint64_t shards;
	const char *parts; /* the folder for parts and what tasks print */
	bool again;	   /* the folder is there, from a job that this one goes on with */
	const struct strings *options; /* sbatch's own */
	struct strings arguments;      /* of `workbook grade` in each task, without the part */
};

/* How many nodes could run something now or soon, at least 1; or -errno after printing the error. */
int slurm__nodes(void);
/* Submits the job. Returns 0 with its number in `*id`, the caller's to free, or -errno after printing the
 * error.
 */
int slurm__submit(const struct slurm_job *job, char **id);
/* Tells what becomes of the tasks until all have ended, well or not. Returns 0, or -EINTR after telling how to
 * look after the job, which goes on.
 */
int slurm__follow(const struct slurm_job *job, const char *id);

#endif
