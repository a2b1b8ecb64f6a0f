// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "frame.h"

static void test_round_trip(void **state __maybe_unused)
{
	cleanup_buf struct buf wire = { 0 }, out = { 0 };
	uint32_t type = 0;

	frame__put(&wire, FRAME_PUT, "path\0bytes", 10);
	frame__put(&wire, FRAME_OK, NULL, 0);
	assert_int_equal(frame__take(&wire, &type, &out), 1);
	assert_int_equal(type, FRAME_PUT);
	assert_int_equal(out.len, 10);
	assert_memory_equal(out.data, "path\0bytes", 10);
	assert_int_equal(frame__take(&wire, &type, &out), 1);
	assert_int_equal(type, FRAME_OK);
	assert_int_equal(out.len, 10);
	assert_int_equal(frame__take(&wire, &type, &out), 0);
}

/* A frame that comes byte by byte is taken when its last byte is there, not before. */
static void test_in_pieces(void **state __maybe_unused)
{
	cleanup_buf struct buf whole = { 0 }, wire = { 0 }, out = { 0 };
	uint32_t type;

	frame__put(&whole, FRAME_INPUT, "seed", 4);
	for (size_t i = 0; i < whole.len; i++) {
		assert_int_equal(frame__take(&wire, &type, &out), 0);
		buf__add(&wire, whole.data + i, 1);
	}
	assert_int_equal(frame__take(&wire, &type, &out), 1);
	assert_memory_equal(out.data, "seed", 4);
	assert_int_equal(wire.len, 0);
}

static void test_nonsense(void **state __maybe_unused)
{
	struct frame_header too_long = { FRAME_MAGIC, FRAME_OK, FRAME_MAX + 1 };
	cleanup_buf struct buf text = { 0 }, header = { 0 }, out = { 0 };
	uint32_t type;

	buf__printf(&text, "this is no frame at all");
	assert_int_equal(frame__take(&text, &type, &out), -EPROTO);
	buf__add(&header, &too_long, sizeof(too_long));
	assert_int_equal(frame__take(&header, &type, &out), -EPROTO);
	assert_int_equal(out.len, 0);
}

static void test_payload(void **state __maybe_unused)
{
	struct payload p = { "slot\0"
			     "1500\0"
			     "x12\0"
			     "open",
			     18 };

	assert_string_equal(payload__string(&p), "slot");
	assert_int_equal(payload__number(&p), 1500);
	assert_int_equal(payload__number(&p), -1);
	assert_null(payload__string(&p)); /* not ended by a NUL */
	assert_int_equal(p.len, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
