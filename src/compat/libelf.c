// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The static libelf.a of elfutils 0.192, which is Debian 13's, lacks two functions of its own
 * (https://sourceware.org/bugzilla/show_bug.cgi?id=32293). Tools are linked with these where, and
 * only where, libelf.a has none. The tree that they are about begins with its root; libbpf never
 * puts anything into it, and uses it from one thread.
 */
#include <search.h>
#include <stddef.h>

void eu_search_tree_init(void **root);
void eu_search_tree_fini(void **root, void (*free_node)(void *));

void eu_search_tree_init(void **root)
{
	*root = NULL;
}

void eu_search_tree_fini(void **root, void (*free_node)(void *))
{
	tdestroy(*root, free_node);
	*root = NULL;
}
