#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What each task of `workbook grade --slurm` runs on its node, the part with the task's number:
# slurm.sh WORKBOOK PARTS FOLDER ARGUMENT...
set -u
workbook=$1
parts=$2
folder=$3
shift 3
jobs=$SLURM_CPUS_ON_NODE
[ "$jobs" -le 64 ] || jobs=64 # the most that grade takes

# Slurm's signals reach every process of the task. The grader unwinds, and this waits for it.
trap : TERM

# What this part's log holds is not graded again, be it that a node was lost or that the grader was killed,
# for want of memory or by hand.
for try in 1 2 3; do
    [ "$try" = 1 ] || echo "slurm.sh: the grader was killed; it goes on"
    "$workbook" grade --shard "$SLURM_ARRAY_TASK_ID/$parts" --json "$folder/$SLURM_ARRAY_TASK_ID.json" \
        --resume --jobs "$jobs" "$@"
    status=$?
    [ "$status" -gt 128 ] || break
done
exit "$status"
