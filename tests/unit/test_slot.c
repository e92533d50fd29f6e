/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that containers have to themselves: none is given twice, and one is free when its container is gone. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "directories.h"
#include "state/slot.h"

struct root {
	char path[64];
	struct store store;
	struct arena arena;
};

static int make_root(void **state)
{
	struct root *root = calloc(1, sizeof(*root));

	assert_non_null(root);
	strcpy(root->path, "/tmp/casemate-slot-test-XXXXXX");
	assert_non_null(mkdtemp(root->path));
	root->store = (struct store){ root->path, open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	*state = root;
	return 0;
}

static int remove_root(void **state)
{
	struct root *root = *state;

	store_close(&root->store);
	arena_release(&root->arena);
	remove_directory(root->path);
	free(root);
	return 0;
}

static void each_has_its_own(void **state)
{
	struct root *root = *state;
	struct slot slots[4] = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 }, { .fd = -1 } };
	unsigned int seen = 0;
	struct error error;

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(slot_take(&root->store, "ids", "same-id", 3, &slots[i], &error), 0);
		seen |= 1U << slots[i].number;
	}
	assert_int_equal(seen, 7);
	assert_int_equal(slot_take(&root->store, "ids", "same-id", 3, &slots[3], &error), 1);
	/* what was not kept is free again */
	slot_close(&slots[1]);
	assert_int_equal(slot_take(&root->store, "ids", "other", 3, &slots[3], &error), 0);
	assert_int_equal(slots[3].number, slots[1].number);
	for (size_t i = 0; i < 4; i++)
		slot_close(&slots[i]);
}

static void it_is_kept_as_long_as_the_container(void **state)
{
	struct root *root = *state;
	struct slot first = { .fd = -1 }, second = { .fd = -1 };
	struct store_entry entry = { .fd = -1 };
	struct error error;

	assert_int_equal(store_create(&root->arena, &root->store, "one", &entry, &error), 0);
	assert_int_equal(slot_take(&root->store, "ids", "one", 1, &first, &error), 0);
	assert_int_equal(slot_keep(&first, "ids", &entry, &error), 0);
	assert_int_equal(first.fd, -1);
	assert_int_equal(slot_take(&root->store, "ids", "two", 1, &second, &error), 1);
	assert_int_equal(store_remove(&root->store, &entry, &error), 0);
	store_entry_close(&entry);
	assert_int_equal(slot_take(&root->store, "ids", "two", 1, &second, &error), 0);
	slot_close(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_has_its_own, make_root, remove_root),
		cmocka_unit_test_setup_teardown(it_is_kept_as_long_as_the_container, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
