/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PORT_A_TOOL_H
#define PORT_A_TOOL_H

/* --- types --- */
#define NO_ID 0 /* no thread and no process that makes system calls has it */

/* TODO: what the script keeps of a call until it returns, and what it sends for each. */

#endif
