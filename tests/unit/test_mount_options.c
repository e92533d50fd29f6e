/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options: every name of the table, what it means, and what is left for the file system. */
#include "sandbox/mount_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct arena arena;
static struct error error;

static int parse(struct mount_options *options, const char *type, ...)
{
	struct oci_mount mount = { .destination = "/d", .type = type, .source = "/s" };
	const char *items[32];
	va_list names;

	mount.options.items = items;
	va_start(names, type);
	while ((items[mount.options.count] = va_arg(names, const char *)))
		mount.options.count++;
	va_end(names);
	return mount_options_parse(&arena, &mount, options, &error);
}

static void flags_are_set_and_cleared(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(parse(&options, "tmpfs", "ro", "nosuid", "nodev", "noexec", "noatime", "sync", NULL),
			 0);
	assert_int_equal(options.set,
			 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_SYNCHRONOUS);
	assert_int_equal(options.clear, 0);
	assert_null(options.data);
	assert_int_equal(parse(&options, "tmpfs", "rw", "suid", "dev", "exec", "atime", "async", NULL), 0);
	assert_int_equal(options.set, 0);
	assert_int_equal(options.clear,
			 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_SYNCHRONOUS);
}

static void the_last_of_two_opposites_counts(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(parse(&options, "tmpfs", "ro", "rw", NULL), 0);
	assert_int_equal(options.set, 0);
	assert_int_equal(options.clear, MS_RDONLY);
	assert_int_equal(parse(&options, "tmpfs", "rw", "ro", NULL), 0);
	assert_int_equal(options.set, MS_RDONLY);
	assert_int_equal(options.clear, 0);
}

static void binds_are_told_apart(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(parse(&options, "none", "bind", NULL), 0);
	assert_true(options.bind);
	assert_false(options.recursive_bind);
	assert_int_equal(parse(&options, NULL, "rbind", NULL), 0);
	assert_true(options.bind);
	assert_true(options.recursive_bind);
	assert_int_equal(parse(&options, "bind", NULL), 0);
	assert_false(options.bind);
}

static void propagation_keeps_its_order(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(parse(&options, "none", "bind", "rslave", "shared", NULL), 0);
	assert_int_equal(options.propagation_count, 2);
	assert_int_equal(options.propagation[0], MS_SLAVE | MS_REC);
	assert_int_equal(options.propagation[1], MS_SHARED);
	assert_int_equal(parse(&options, "none", "bind", "private", "private", "private", "private", "private",
			       NULL),
			 -1);
	assert_non_null(strstr(error.text, "propagation"));
}

static void recursive_flags_are_attributes(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(parse(&options, "none", "rbind", "rro", "rnosuid", "rexec", "rnosymfollow", NULL), 0);
	assert_int_equal(options.recursive_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOSYMFOLLOW);
	assert_int_equal(options.recursive_clear, MOUNT_ATTR_NOEXEC);
	assert_int_equal(parse(&options, "none", "rbind", "rrw", NULL), 0);
	assert_int_equal(options.recursive_set, 0);
	assert_int_equal(options.recursive_clear, MOUNT_ATTR_RDONLY);
	/* mount_setattr(2) sets after it clears: of the two "rro" holds, in either order. */
	assert_int_equal(parse(&options, "none", "rbind", "rro", "rrw", NULL), 0);
	assert_int_equal(options.recursive_set, MOUNT_ATTR_RDONLY);
	assert_int_equal(parse(&options, "none", "rbind", "rrw", "rro", NULL), 0);
	assert_int_equal(options.recursive_set, MOUNT_ATTR_RDONLY);
}

/* mount_setattr(2) takes the access time settings as one field: set means the whole field cleared first. */
static void recursive_access_times_are_one_field(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(parse(&options, "none", "rbind", "rnoatime", NULL), 0);
	assert_int_equal(options.recursive_set, MOUNT_ATTR_NOATIME);
	assert_int_equal(options.recursive_clear, MOUNT_ATTR__ATIME);
	assert_int_equal(parse(&options, "none", "rbind", "rnoatime", "rstrictatime", NULL), 0);
	assert_int_equal(options.recursive_set, MOUNT_ATTR_STRICTATIME);
	assert_int_equal(options.recursive_clear, MOUNT_ATTR__ATIME);
	assert_int_equal(parse(&options, "none", "rbind", "rstrictatime", "rrelatime", NULL), 0);
	assert_int_equal(options.recursive_set, 0);
	assert_int_equal(options.recursive_clear, MOUNT_ATTR__ATIME);
	assert_int_equal(parse(&options, "none", "rbind", "ratime", NULL), 0);
	assert_int_equal(options.recursive_set, 0);
	assert_int_equal(options.recursive_clear, MOUNT_ATTR__ATIME);
	assert_int_equal(parse(&options, "none", "rbind", "rnorelatime", NULL), 0);
	assert_int_equal(options.recursive_set, 0);
	assert_int_equal(options.recursive_clear, 0);
}

static void the_rest_goes_to_the_file_system(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(parse(&options, "tmpfs", "size=64k", "nosuid", "acl", "mode=755,uid=1", NULL), 0);
	assert_string_equal(options.data, "size=64k,mode=755,uid=1");
	assert_int_equal(options.set, MS_NOSUID);
}

static void copy_up_is_for_tmpfs(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(parse(&options, "tmpfs", "tmpcopyup", NULL), 0);
	assert_true(options.copy_up);
	assert_int_equal(parse(&options, "proc", "tmpcopyup", NULL), -1);
	assert_int_equal(parse(&options, "tmpfs", "bind", "tmpcopyup", NULL), -1);
}

static void idmaps_are_for_binds(void **state)
{
	struct oci_id_mapping mapping = { 0, 1000, 1 };
	struct oci_mount mount = { .destination = "/d", .type = "none", .source = "/s" };
	struct mount_options options;
	const char *bind[] = { "bind" };

	(void)state;
	assert_int_equal(parse(&options, "none", "bind", "ridmap", NULL), 0);
	assert_true(options.idmap);
	assert_true(options.recursive_idmap);
	assert_int_equal(parse(&options, "none", "bind", "idmap", NULL), 0);
	assert_true(options.idmap);
	assert_false(options.recursive_idmap);
	assert_int_equal(parse(&options, "tmpfs", "idmap", NULL), -1);
	mount.options.items = bind;
	mount.options.count = 1;
	mount.uid_mappings.items = &mapping;
	mount.uid_mappings.count = 1;
	assert_int_equal(mount_options_parse(&arena, &mount, &options, &error), -1);
	assert_non_null(strstr(error.text, "both uid and gid mappings"));
	mount.gid_mappings = mount.uid_mappings;
	assert_int_equal(mount_options_parse(&arena, &mount, &options, &error), 0);
	assert_true(options.idmap);
}

/* Every name is one that the parser takes for itself, and they are sorted: bsearch(3) finds each. */
static void known_options_are_known(void **state)
{
	const char *const *names = mount_options_known();
	size_t count = 0;

	(void)state;
	for (; names[count]; count++) {
		struct mount_options options;
		bool is_copy_up = !strcmp(names[count], "tmpcopyup");

		if (count > 0)
			assert_true(strcmp(names[count - 1], names[count]) < 0);
		assert_int_equal(parse(&options, "tmpfs", names[count], is_copy_up ? NULL : "bind", NULL), 0);
		assert_null(options.data);
	}
	assert_int_equal(count, 64);
}

static void access_times_of_new_mounts(void **state)
{
	(void)state;
	assert_int_equal(mount_attributes(0), MOUNT_ATTR_RELATIME);
	assert_int_equal(mount_attributes(MS_NOATIME), MOUNT_ATTR_NOATIME);
	assert_int_equal(mount_attributes(MS_STRICTATIME | MS_NOATIME), MOUNT_ATTR_STRICTATIME);
	assert_int_equal(mount_attributes(MS_NODIRATIME | MS_RDONLY),
			 MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_RDONLY);
	assert_int_equal(mount_attributes(MS_SYNCHRONOUS | MS_REC), 0);
}

/* fsconfig(2) takes values of at most 255 bytes: longer ones, as overlay's lowerdir, need mount(2). */
static void long_values_need_mount(void **state)
{
	struct filesystem filesystem = { .type = "overlay", .mode = -1 };
	char data[512];

	(void)state;
	filesystem.data = "lowerdir=/a:/b,upperdir=/c,workdir=/d";
	assert_false(filesystem_needs_mount(&filesystem));
	snprintf(data, sizeof(data), "upperdir=/c,lowerdir=/%0300d", 1);
	filesystem.data = data;
	assert_true(filesystem_needs_mount(&filesystem));
	filesystem.data = NULL;
	filesystem.flags = MS_I_VERSION;
	assert_true(filesystem_needs_mount(&filesystem));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_set_and_cleared),
		cmocka_unit_test(the_last_of_two_opposites_counts),
		cmocka_unit_test(binds_are_told_apart),
		cmocka_unit_test(propagation_keeps_its_order),
		cmocka_unit_test(recursive_flags_are_attributes),
		cmocka_unit_test(recursive_access_times_are_one_field),
		cmocka_unit_test(the_rest_goes_to_the_file_system),
		cmocka_unit_test(copy_up_is_for_tmpfs),
		cmocka_unit_test(idmaps_are_for_binds),
		cmocka_unit_test(known_options_are_known),
		cmocka_unit_test(access_times_of_new_mounts),
		cmocka_unit_test(long_values_need_mount),
	};
	int failed = cmocka_run_group_tests_name("mount options", tests, NULL, NULL);

	arena_release(&arena);
	return failed;
}
