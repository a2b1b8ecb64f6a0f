// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each shmget(), shmat(), shmdt() and shmctl() call. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "port-a-tool.h"

/* --- config --- */
/* TODO: what the script writes into its text in place of FILTER. */

/* --- maps --- */
/* TODO: where a call waits for its return, and the buffer that the rows come through. */

__u64 lost; /* calls that a full map or a full buffer had no room for */

/* --- helpers --- */
/* TODO: what all entries have in common, and all returns. */

/* --- probe --- */
/* TODO: four entries, four returns. */

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
