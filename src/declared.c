// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "declared.h"
#include "snapshot.h"

#define LOAD_MS 20000
#define SLOT	"tags"
#define LOADER	"/run/workbook/tags"
#define OBJECT	"/run/workbook/object.bpf.o"

static int load_in(struct vm *vm, const char *object, struct buf *tags)
{
	cleanup_free char *loader = xprintf("%s/build/tags", project_root());
	char *const argv[] = { LOADER, OBJECT, NULL };
	struct program_state state;
	int err = vm__put_file(vm, LOADER, 0755, loader);

	if (!err)
		err = vm__put_file(vm, OBJECT, 0644, object);
	if (!err)
		err = vm__start(vm, SLOT, "root", argv);
	if (!err)
		err = vm__wait_exit(vm, SLOT, LOAD_MS, &state);
	if (!err && state.exited)
		err = vm__output(vm, SLOT, "out", tags);
	return err;
}

int declared__tags(const struct image *image, const char *object, struct buf *tags)
{
	struct snapshot *base = NULL;
	struct vm *vm = NULL;
	int err = snapshot__base(image, &base);

	buf__add(tags, "", 0);
	if (!err)
		err = snapshot__restore(base, true, &vm);
	if (!err)
		err = load_in(vm, object, tags);
	vm__free(vm);
	snapshot__free(base);
	return err;
}
