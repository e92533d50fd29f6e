/* SPDX-License-Identifier: Apache-2.0 */
/* A policy document: read, printed, read again. */
#include "fuzz.h"
#include "policy/policy.h"

static int parse(struct arena *arena, const char *text, size_t length, struct policy **policy,
		 struct error *error)
{
	struct json_value *root;

	return json_parse(arena, "input", text, length, &root, error) < 0
		       ? -1
		       : policy_parse(arena, "input", root, policy, error);
}

static void print(struct strbuf *text, const struct policy *policy)
{
	struct json_writer writer = { .out = text };

	policy_print(&writer, policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_strbuf_ struct strbuf first = { 0 };
	_cleanup_strbuf_ struct strbuf second = { 0 };
	struct error error = { 0 };
	struct policy *policy;

	if (parse(&arena, fuzz_text(&arena, data, size), size, &policy, &error) < 0) {
		fuzz_require_message(&error);
		return 0;
	}
	print(&first, policy);
	fuzz_require(parse(&arena, strbuf_text(&first), first.length, &policy, &error) == 0);
	print(&second, policy);
	fuzz_require(fuzz_same(&first, &second));
	return 0;
}
