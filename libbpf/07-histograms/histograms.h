/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef HISTOGRAMS_H
#define HISTOGRAMS_H

/* --- types --- */
#define ERROR_SLOTS 134 /* error numbers end at 133, EHWPOISON */

#endif
