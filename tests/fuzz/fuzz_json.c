/* SPDX-License-Identifier: Apache-2.0 */
/* JSON itself: what was read and written again reads as the same. */
#include "fuzz.h"

static void print(struct strbuf *text, const struct json_value *value)
{
	struct json_writer writer = { .out = text };

	json_value(&writer, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_strbuf_ struct strbuf first = { 0 };
	_cleanup_strbuf_ struct strbuf second = { 0 };
	struct error error = { 0 };
	struct json_value *root;

	if (json_parse(&arena, "input", fuzz_text(&arena, data, size), size, &root, &error) < 0) {
		fuzz_require_message(&error);
		return 0;
	}
	print(&first, root);
	fuzz_require(json_parse(&arena, "printed", strbuf_text(&first), first.length, &root, &error) == 0);
	print(&second, root);
	fuzz_require(fuzz_same(&first, &second));
	return 0;
}
