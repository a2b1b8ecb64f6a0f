/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef MAP_ITERATION_H
#define MAP_ITERATION_H

/* --- types --- */
#define MAX_PROCESSES 10240

#endif
