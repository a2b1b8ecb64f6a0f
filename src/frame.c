// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "frame.h"

int frame__take(struct buf *in, uint32_t *type, struct buf *out)
{
	struct frame_header h;
	size_t whole;

	if (in->len < sizeof(h))
		return 0;
	memcpy(&h, in->data, sizeof(h));
	if (h.magic != FRAME_MAGIC || h.len > FRAME_MAX)
		return -EPROTO;
	whole = sizeof(h) + h.len;
	if (in->len < whole)
		return 0;
	*type = h.type;
	buf__add(out, in->data + sizeof(h), h.len);
	memmove(in->data, in->data + whole, in->len - whole);
	in->len -= whole;
	return 1;
}

void frame__put(struct buf *out, uint32_t type, const void *payload, size_t len)
{
	struct frame_header h = { FRAME_MAGIC, type, len };

	buf__add(out, &h, sizeof(h));
	buf__add(out, payload, len);
}

const char *payload__string(struct payload *p)
{
	const char *s = p->data;
	size_t n = strnlen(s ? s : "", p->len);

	if (n == p->len)
		return NULL;
	p->data += n + 1;
	p->len -= n + 1;
	return s;
}

int64_t payload__number(struct payload *p)
{
	const char *s = payload__string(p);
	uint64_t n;

	if (!s || parse_u64(s, &n) || n > INT64_MAX)
		return -1;
	return n;
}
