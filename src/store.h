/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STORE_H
#define STORE_H

#include "util.h"

/* The folder of snapshots in the cache: a folder each, NAME.HASH, that holds the files "ram", "state", the link
 * "base" to the folder of the kernel's base unless it is one and, once it was cold, "ram.ID.zst": what differs from the
 * base's "ram". Whoever uses one holds a shared lock on its folder; who packs or removes it, an exclusive one. "tmp.*"
 * are in the making, "*.lock" are makers' locks.
 */

/* Path of the store; owned by the caller. */
char *store__dir(void);

/* A descriptor of a snapshot's folder, to lock it by, or -1 with errno. */
int store__open(const char *path);

/* Waits until no other process makes the snapshot that the lock file `fd` stands for. 0 or -errno. */
int store__lock(int fd, const char *name);

/* Makes sure that a snapshot finds room on the disk, if need be by removing others; 0 or -errno after
 * printing what is lacking.
 */
int store__check_space(void);

/* Brings the memory of a cold snapshot back, whose folder the caller has locked; `*grown` is set when it
 * had to. 0, -ESTALE when that cannot be, as its base is no longer there, or -errno after printing the error.
 */
int store__unpack(const char *dir, bool *grown);

/* Packs the least recently used snapshots, then removes them, until the rest take at most `max_bytes`
 * on disk; those in use stay as they are.
 */
void store__keep_within(uint64_t max_bytes);

/* Removes the snapshot in the folder unless somebody has locked it; returns whether it did. */
bool store__remove(const char *dir);

/* Removes snapshots of the same unit, case and kernel as `name`: something has changed for them. */
void store__forget_older(const char *name);

/* What all snapshots take on disk, in bytes. */
uint64_t store__bytes(void);

/* The bound for all snapshots, in bytes: WORKBOOK_SNAPSHOTS_MB, else what was last set, else 12 GiB or a
 * third of what the disk has free (snapshots counted as free), the smaller.
 */
uint64_t store__bound(void);
int store__set_bound(uint64_t mb);

#endif
