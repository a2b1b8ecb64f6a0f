/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PORT_A_TOOL_H
#define PORT_A_TOOL_H

/* --- types --- */
#define MAX_CALLS 10240
#define MAX_FILES 10240
#define NAME_LEN  32
#define NO_PID	  0
#define ANY_UID	  0xffffffffU /* no user has it */

/* A file that a process uses. No gaps: the map compares all bytes. */
struct file_key {
	__u64 inode;
	__u32 dev;
	__u32 pid;
};

struct tally {
	__u64 reads;
	__u64 writes;
	__u64 rbytes;
	__u64 wbytes;
	__u64 failed;
	char name[NAME_LEN]; /* of the first call */
};

#endif
