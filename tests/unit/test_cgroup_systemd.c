/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd manager's pure parts: names of units, limits and device rules as properties, annotations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cgroup/systemd.h"
#include "ondemand/ondemand.h"

static struct arena arena;
static struct error error;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void assert_unit(const char *cgroups_path, bool user, const char *name, const char *slice,
			const char *slice_path)
{
	struct systemd_unit unit;

	assert_int_equal(systemd_unit_parse(&arena, cgroups_path, "id1", user, &unit, &error), 0);
	assert_string_equal(unit.name, name);
	assert_string_equal(unit.slice, slice);
	assert_string_equal(unit.slice_path, slice_path);
}

static void units_are_named_as_runc_names_them(void **state)
{
	(void)state;
	assert_unit(NULL, false, "runc-id1.scope", "system.slice", "/system.slice");
	assert_unit("", true, "runc-id1.scope", "user.slice", "/user.slice");
	assert_unit("::x", false, "-x.scope", "system.slice", "/system.slice");
	assert_unit("machine.slice:libpod:ab", false, "libpod-ab.scope", "machine.slice", "/machine.slice");
	assert_unit("a-b-c.slice:p:n", false, "p-n.scope", "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice");
	assert_unit("-:p:n", false, "p-n.scope", "-.slice", "");
	assert_unit("-.slice:p:n", false, "p-n.scope", "-.slice", "");
	assert_unit("ignored.slice:p:x-y.slice", false, "x-y.slice", "ignored.slice", "/x.slice/x-y.slice");
}

static void assert_no_unit(const char *cgroups_path, const char *text)
{
	struct systemd_unit unit;

	assert_int_equal(systemd_unit_parse(&arena, cgroups_path, "id1", false, &unit, &error), -1);
	if (!strstr(error.text, text))
		fail_msg("%s: %s", cgroups_path, error.text);
}

static void what_is_no_unit_is_refused(void **state)
{
	(void)state;
	assert_no_unit("/a/b", "expected cgroupsPath to be of format \"slice:prefix:name\"");
	assert_no_unit("a:b", "expected cgroupsPath to be of format");
	assert_no_unit("a:b:c:d", "expected cgroupsPath to be of format");
	assert_no_unit("a:b:c", "invalid slice name: a");
	assert_no_unit("a--b.slice:b:c", "invalid slice name");
	assert_no_unit("-a.slice:b:c", "invalid slice name");
	assert_no_unit("a-.slice:b:c", "invalid slice name");
	assert_no_unit(".slice:b:c", "invalid slice name");
	assert_no_unit("user.slice/user-1.slice:b:c", "invalid slice name");
	assert_no_unit("a.slice:b:", "is no name of a systemd unit");
	assert_no_unit("a.slice:b:c/d", "is no name of a systemd unit");
	assert_no_unit("a.slice:b:c\nd", "is no name of a systemd unit");
}

/* The list that the functions below write into. */
struct list {
	struct strbuf text;
	struct json_writer writer;
};

static void list_begin(struct list *list)
{
	*list = (struct list){ .writer = { .first = true } };
	list->writer.out = &list->text;
	json_begin_array(&list->writer);
}

/* The list is that of the texts given, up to a NULL. */
static void assert_list(struct list *list, ...)
{
	_cleanup_strbuf_ struct strbuf expected = { 0 };
	va_list items;
	const char *item;

	json_end_array(&list->writer);
	strbuf_putc(&expected, '[');
	va_start(items, list);
	while ((item = va_arg(items, const char *)))
		strbuf_printf(&expected, "%s%s", expected.length > 1 ? "," : "", item);
	va_end(items);
	strbuf_putc(&expected, ']');
	assert_string_equal(strbuf_text(&list->text), strbuf_text(&expected));
	strbuf_release(&list->text);
}

#define PROPERTY(name, type, value) "{\"name\":\"" name "\",\"type\":\"" type "\",\"value\":" value "}"
#define U64(name, value) PROPERTY(name, "t", value)
#define SINCE(name, type, since, value) \
	"{\"name\":\"" name "\",\"type\":\"" type "\",\"since\":" since ",\"value\":" value "}"
#define INFINITE "18446744073709551615"

static void limits_have_the_names_of_v2(void **state)
{
	struct oci_memory memory = { .limit = { true, 1000 },
				     .swap = { true, 3000 },
				     .reservation = { true, 500 } };
	struct oci_cpu cpu = {
		.shares = { true, 1024 }, .quota = { true, 15500 }, .period = { true, 100000 }, .cpus = "0,9"
	};
	struct oci_pids pids = { .limit = { true, -1 } };
	struct oci_block_io io = { .weight = { true, 10 } };
	struct oci_resources resources = { .memory = &memory, .cpu = &cpu, .pids = &pids, .block_io = &io };
	struct list list;

	(void)state;
	list_begin(&list);
	assert_int_equal(systemd_limits(&list.writer, &resources, true, true, &error), 0);
	assert_list(&list, U64("MemoryMax", "1000"), U64("MemoryLow", "500"), U64("MemorySwapMax", "2000"),
		    U64("CPUWeight", "100"), SINCE("CPUQuotaPeriodUSec", "t", "242", "100000"),
		    U64("CPUQuotaPerSecUSec", "160000"), SINCE("AllowedCPUs", "ay", "244", "[1,2,0,0,0,0,0,0]"),
		    U64("IOWeight", "1"), U64("TasksMax", INFINITE), NULL);
}

static void limits_have_the_names_of_v1(void **state)
{
	struct oci_memory memory = { .limit = { true, -1 }, .swap = { true, 3000 } };
	struct oci_cpu cpu = { .shares = { true, 512 }, .quota = { true, -1 } };
	struct oci_pids pids = { .limit = { true, 0 } };
	struct oci_block_io io = { .weight = { true, 10 } };
	struct oci_resources resources = { .memory = &memory, .cpu = &cpu, .pids = &pids, .block_io = &io };
	struct list list;

	(void)state;
	list_begin(&list);
	assert_int_equal(systemd_limits(&list.writer, &resources, false, true, &error), 0);
	assert_list(&list, U64("MemoryLimit", INFINITE), U64("CPUShares", "512"),
		    U64("CPUQuotaPerSecUSec", INFINITE), U64("BlockIOWeight", "10"), U64("TasksMax", "1"),
		    NULL);
}

static void files_of_v2_are_properties_where_there_is_one(void **state)
{
	struct string_pair items[] = {
		{ .key = "memory.high", .value = " max\n" }, { .key = "cpu.max", .value = "50000" },
		{ .key = "pids.max", .value = "7" },	     { .key = "hugetlb.2MB.max", .value = "0" },
		{ .key = "cpu.idle", .value = "1" },	     { .key = "memory.oom.group", .value = "1" },
	};
	struct oci_resources resources = { .unified = { .items = items, .count = 6 } };
	struct list list;

	(void)state;
	list_begin(&list);
	assert_int_equal(systemd_limits(&list.writer, &resources, true, false, &error), 0);
	assert_list(&list, U64("MemoryHigh", INFINITE), SINCE("CPUQuotaPeriodUSec", "t", "242", "100000"),
		    U64("CPUQuotaPerSecUSec", "500000"), U64("TasksMax", "7"),
		    SINCE("CPUWeight", "t", "252", "0"), NULL);
	items[0].value = "-1";
	list_begin(&list);
	assert_int_equal(systemd_limits(&list.writer, &resources, true, false, &error), -1);
	strbuf_release(&list.text);
}

static const char drivers[] = "Character devices:\n  1 mem\n  5 /dev/tty\n128 ptm\n136 pts\n140 twice\n"
			      "141 twice\n\nBlock devices:\n  7 loop\n136 notpts\n";

static void device_rules_name_nodes_and_drivers(void **state)
{
	struct device_exception exceptions[] = {
		{ 'c', 1, 3, DEVICE_ACCESS_ALL },
		{ 'c', 136, DEVICE_ANY, DEVICE_ACCESS_READ | DEVICE_ACCESS_WRITE },
		{ 'b', 7, DEVICE_ANY, DEVICE_ACCESS_READ },
		{ 'c', 140, DEVICE_ANY, DEVICE_ACCESS_ALL }, /* would allow 141, too */
		{ 'c', 999, DEVICE_ANY, DEVICE_ACCESS_ALL }, /* nobody's */
		{ 'b', DEVICE_ANY, 4, DEVICE_ACCESS_ALL }, /* there is no way to say it */
		{ 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_ACCESS_MKNOD },
	};
	struct device_state some = { .allow = false, .exceptions = exceptions, .count = 7 };
	struct device_state all = { .allow = true, .exceptions = exceptions, .count = 1 };
	struct list list;

	(void)state;
	list_begin(&list);
	systemd_devices(&list.writer, &some, drivers);
	assert_list(&list, PROPERTY("DevicePolicy", "s", "\"strict\""),
		    PROPERTY("DeviceAllow", "a(ss)",
			     "[[\"/dev/char/1:3\",\"rwm\"],[\"char-pts\",\"rw\"],"
			     "[\"block-loop\",\"r\"],[\"block-*\",\"m\"]]"),
		    NULL);
	list_begin(&list);
	systemd_devices(&list.writer, &all, drivers);
	assert_list(&list, PROPERTY("DevicePolicy", "s", "\"auto\""), PROPERTY("DeviceAllow", "a(ss)", "[]"),
		    NULL);
}

static void assert_annotation(const char *name, const char *value, const char *expected)
{
	struct string_pair item = {
		.key = arena_printf(&arena, "org.systemd.property.%s", name),
		.value = value,
	};
	struct string_map map = { .items = &item, .count = 1 };
	struct list list;

	list_begin(&list);
	if (!expected) {
		if (systemd_annotations(&list.writer, &map, &error) != -1)
			fail_msg("%s %s is taken", name, value);
		strbuf_release(&list.text);
		return;
	}
	if (systemd_annotations(&list.writer, &map, &error) < 0)
		fail_msg("%s", error.text);
	assert_list(&list, expected, NULL);
}

static void harmless_annotations_are_taken(void **state)
{
	(void)state;
	assert_annotation("TimeoutStopUSec", "uint64 123456789", U64("TimeoutStopUSec", "123456789"));
	assert_annotation("TimeoutStopSec", "7.5", U64("TimeoutStopUSec", "7500000"));
	assert_annotation("CollectMode", "'inactive-or-failed'",
			  SINCE("CollectMode", "s", "236", "\"inactive-or-failed\""));
	assert_annotation("After", "['crio.service', \"a.service\"]",
			  PROPERTY("After", "as", "[\"crio.service\",\"a.service\"]"));
	assert_annotation("After", "@as []", PROPERTY("After", "as", "[]"));
	assert_annotation("DefaultDependencies", "true", PROPERTY("DefaultDependencies", "b", "true"));
	assert_annotation("KillSignal", "int32 15", PROPERTY("KillSignal", "i", "15"));
	assert_annotation("Description", "'it\\'s one'", PROPERTY("Description", "s", "\"it's one\""));
}

static void other_annotations_are_refused(void **state)
{
	static const char *const names[] = { "ExecStart", "Delegate", "Slice", "DeviceAllow", "DevicePolicy",
					     "BindsTo",	  "Wants",    "PIDs",  "MemoryMax",   "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_annotation(names[i], "'x'", NULL);
	assert_annotation("TimeoutStopUSec", "uint64 -1", NULL);
	assert_annotation("TimeoutStopUSec", "'7'", NULL);
	assert_annotation("TimeoutStopUSec", "", NULL);
	assert_annotation("TimeoutStopSec", "nan", NULL);
	assert_annotation("TimeoutStopSec", ".", NULL);
	assert_annotation("CollectMode", "inactive", NULL);
	assert_annotation("CollectMode", "'a' 'b'", NULL);
	assert_annotation("CollectMode", "'a", NULL);
	assert_annotation("After", "['a' 'b']", NULL);
	assert_annotation("After", "['a'", NULL);
	assert_annotation("After", "['a',]", NULL);
	assert_annotation("SendSIGKILL", "1", NULL);
}

static void the_companion_answers(void **state)
{
	const struct ondemand_request nothing = {
		.mode = "systemd", .text = "{}", .fd = -1, .limit_ms = 20000
	};
	const struct ondemand_request no_mode = {
		.mode = "nonsense", .text = "{}", .fd = -1, .limit_ms = 20000
	};
	const struct ondemand_request damaged = { .mode = "systemd", .text = "{", .fd = -1, .limit_ms = 20000 };
	const struct json_value *reply;

	(void)state;
	assert_int_equal(ondemand_call(&arena, &nothing, &reply, &error), -1);
	assert_non_null(strstr(error.text, "systemd"));
	assert_int_equal(ondemand_call(&arena, &no_mode, &reply, &error), -1);
	assert_string_equal(error.text, "this build has no mode nonsense");
	assert_int_equal(ondemand_call(&arena, &damaged, &reply, &error), -1);
}

static void the_companion_has_a_time_limit(void **state)
{
	const struct ondemand_request request = { .mode = "systemd", .text = "{}", .fd = -1, .limit_ms = 0 };
	const struct json_value *reply;

	(void)state;
	assert_int_equal(ondemand_call(&arena, &request, &reply, &error), -1);
	assert_string_equal(error.text, "systemd gave no answer within 0 s: connection timed out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(units_are_named_as_runc_names_them, release),
		cmocka_unit_test_teardown(what_is_no_unit_is_refused, release),
		cmocka_unit_test_teardown(limits_have_the_names_of_v2, release),
		cmocka_unit_test_teardown(limits_have_the_names_of_v1, release),
		cmocka_unit_test_teardown(files_of_v2_are_properties_where_there_is_one, release),
		cmocka_unit_test_teardown(device_rules_name_nodes_and_drivers, release),
		cmocka_unit_test_teardown(harmless_annotations_are_taken, release),
		cmocka_unit_test_teardown(other_annotations_are_refused, release),
		cmocka_unit_test_teardown(the_companion_answers, release),
		cmocka_unit_test_teardown(the_companion_has_a_time_limit, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
