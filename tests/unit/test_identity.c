/* SPDX-License-Identifier: Apache-2.0 */
/* Who a process becomes: capabilities, user, groups, no_new_privs, labels; and that the check sees the truth. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "children.h"
#include "sandbox/identity.h"

#define BIT(capability) (UINT64_C(1) << (capability))
#define USER 1000
#define GROUP 1001

static struct string_list list(const char **items, size_t count)
{
	return (struct string_list){ items, count };
}

static void names_become_masks(void **state)
{
	const char *two[] = { "CAP_CHOWN", "CAP_AUDIT_READ" };
	const char *one[] = { "CAP_KILL" };
	struct oci_capabilities capabilities = {
		.bounding = list(two, 2),
		.effective = list(one, 1),
		.permitted = list(two, 2),
		.inheritable = list(one, 1),
	};
	struct capability_masks masks;
	struct error error;

	(void)state;
	assert_int_equal(capabilities_resolve(&capabilities, &masks, &error), 0);
	assert_int_equal(masks.bounding, BIT(CAP_CHOWN) | BIT(CAP_AUDIT_READ));
	assert_int_equal(masks.effective, BIT(CAP_KILL));
	assert_int_equal(masks.permitted, BIT(CAP_CHOWN) | BIT(CAP_AUDIT_READ));
	assert_int_equal(masks.inheritable, BIT(CAP_KILL));
	assert_int_equal(masks.ambient, 0);
	assert_int_equal(capabilities_resolve(NULL, &masks, &error), 0);
	assert_int_equal(masks.bounding | masks.effective | masks.permitted | masks.inheritable | masks.ambient,
			 0);
}

static void every_known_name_has_its_number(void **state)
{
	const char *const *known = capabilities_known();
	unsigned int count = 0;

	(void)state;
	for (; known[count]; count++) {
		struct oci_capabilities capabilities = { .bounding = list((const char **)&known[count], 1) };
		struct capability_masks masks;
		struct error error;

		assert_int_equal(capabilities_resolve(&capabilities, &masks, &error), 0);
		assert_int_equal(masks.bounding, BIT(count));
	}
	assert_true(count > CAP_AUDIT_READ && count <= 64);
	assert_string_equal(known[CAP_SYS_ADMIN], "CAP_SYS_ADMIN");
	assert_string_equal(known[CAP_SETFCAP], "CAP_SETFCAP");
	/* The kernel knows the last one, and if this table is up to date no other. */
	assert_true(prctl(PR_CAPBSET_READ, count - 1, 0, 0, 0) >= 0);
}

/* What is logged meanwhile goes to @text. */
static void resolve_logged(const struct oci_capabilities *capabilities, struct capability_masks *masks,
			   char *text, size_t size)
{
	struct error error;
	int pipes[2];
	ssize_t length;

	assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	log_redirect(pipes[1]);
	assert_int_equal(capabilities_resolve(capabilities, masks, &error), 0);
	length = read(pipes[0], text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	log_redirect(-1);
	close(pipes[0]);
	close(pipes[1]);
}

static void unknown_names_are_left_out_with_a_warning(void **state)
{
	const char *names[] = { "CAP_CHOWN", "CAP_UNHEARD_OF", "cap_kill", "CAP_UNHEARD", "" };
	struct oci_capabilities capabilities = { .bounding = list(names, 5), .effective = list(names, 2) };
	struct capability_masks masks;
	char text[1024];

	(void)state;
	resolve_logged(&capabilities, &masks, text, sizeof(text));
	assert_int_equal(masks.bounding, BIT(CAP_CHOWN));
	assert_int_equal(masks.effective, BIT(CAP_CHOWN));
	assert_non_null(strstr(
		text, "ignoring unknown or unavailable capabilities: [CAP_UNHEARD_OF cap_kill CAP_UNHEARD"));
}

static void ambient_needs_permitted_and_inheritable(void **state)
{
	const char *names[] = { "CAP_CHOWN", "CAP_KILL", "CAP_FOWNER", "CAP_SETUID" };
	struct oci_capabilities capabilities = {
		.permitted = list(names, 3),
		.inheritable = list(names + 1, 3),
		.ambient = list(names, 4),
	};
	struct capability_masks masks;
	char text[1024];

	(void)state;
	resolve_logged(&capabilities, &masks, text, sizeof(text));
	assert_int_equal(masks.ambient, BIT(CAP_KILL) | BIT(CAP_FOWNER));
	assert_non_null(strstr(text, "can't raise ambient capability CAP_CHOWN: it is not both permitted and "
				     "inheritable; nor are CAP_SETUID"));
}

/* The kernel's view, without procfs. */
struct found {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t bounding;
	uint64_t ambient;
};

static struct found look(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	struct found found = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return found;
	found.effective = data[0].effective | (uint64_t)data[1].effective << 32;
	found.permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	found.inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	for (unsigned int i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			found.bounding |= BIT(i);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			found.ambient |= BIT(i);
	}
	return found;
}

static uint32_t groups[] = { 7, 70000 };

static struct oci_process planned_process(void)
{
	return (struct oci_process){
		.user = { .uid = USER, .gid = GROUP, .additional_gids = { groups, 2 } },
		.no_new_privileges = true,
	};
}

static const struct capability_masks planned_masks = {
	.bounding = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_RAW),
	.effective = BIT(CAP_CHOWN) | BIT(CAP_KILL),
	.permitted = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_RAW),
	.inheritable = BIT(CAP_KILL),
	.ambient = BIT(CAP_KILL),
};

static int verify(int procfs, const struct oci_process *process, const struct capability_masks *masks,
		  bool seccomp, struct error *error)
{
	_cleanup_fd_ int status = identity_open_status(procfs, error);

	return status < 0 ? -1 : identity_verify(procfs, status, process, masks, seccomp, error);
}

static int become(int procfs, const struct oci_process *process, const struct capability_masks *masks,
		  struct error *error)
{
	if (identity_bounding(masks, error) < 0 || identity_user(procfs, &process->user, error) < 0 ||
	    identity_capabilities(masks, error) < 0 ||
	    (process->no_new_privileges && identity_no_new_privs(error) < 0)) {
		fprintf(stderr, "%s\n", error->text);
		return -1;
	}
	return 0;
}

static int become_a_user_with_capabilities(void)
{
	struct oci_process process = planned_process();
	struct error error;
	int procfs = procfs_open(&error);
	uid_t real, effective, saved;
	gid_t held[8];
	struct found found;

	CHECK(become(procfs, &process, &planned_masks, &error) == 0);
	CHECK(getresuid(&real, &effective, &saved) == 0 && real == USER && effective == USER && saved == USER);
	CHECK(getresgid(&real, &effective, &saved) == 0 && real == GROUP && effective == GROUP &&
	      saved == GROUP);
	CHECK(getgroups(8, held) == 2 && held[0] == 7 && held[1] == 70000);
	found = look();
	CHECK(found.effective == planned_masks.effective);
	CHECK(found.permitted == planned_masks.permitted);
	CHECK(found.inheritable == planned_masks.inheritable);
	CHECK(found.bounding == planned_masks.bounding);
	CHECK(found.ambient == planned_masks.ambient);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(verify(procfs, &process, &planned_masks, false, &error) == 0);
	return 0;
}

static void a_user_keeps_the_capabilities_it_is_given(void **state)
{
	(void)state;
	need_root();
	run_in_child(become_a_user_with_capabilities);
}

static int become_a_user_without_anything(void)
{
	struct oci_process process = { .user = { .uid = USER, .gid = GROUP } };
	struct capability_masks masks = { 0 };
	const gid_t callers[] = { 4, 24 };
	struct error error;
	int procfs = procfs_open(&error);
	struct found found;

	/* The caller's groups and ambient capabilities do not come along. */
	CHECK(setgroups(2, callers) == 0);
	masks.permitted = masks.inheritable = masks.effective = masks.ambient =
		BIT(CAP_SETPCAP) | BIT(CAP_SETGID) | BIT(CAP_SETUID);
	CHECK(identity_capabilities(&masks, &error) == 0);
	CHECK(look().ambient == masks.ambient);
	masks.ambient = BIT(CAP_SETGID);
	CHECK(identity_capabilities(&masks, &error) == 0);
	CHECK(look().ambient == BIT(CAP_SETGID));
	masks = (struct capability_masks){ 0 };
	CHECK(become(procfs, &process, &masks, &error) == 0);
	CHECK(getgroups(0, NULL) == 0);
	found = look();
	CHECK((found.effective | found.permitted | found.inheritable | found.bounding | found.ambient) == 0);
	CHECK(verify(procfs, &process, &masks, false, &error) == 0);
	CHECK(setuid(0) < 0);
	return 0;
}

static void nothing_comes_along_from_the_caller(void **state)
{
	(void)state;
	need_root();
	run_in_child(become_a_user_without_anything);
}

#define REFUSED(plan, masks, part) \
	(verify(procfs, (plan), (masks), false, &error) == -1 && strstr(error.text, part) != NULL)

static int see_each_difference(void)
{
	struct oci_process process = planned_process();
	struct oci_process other = process;
	struct capability_masks masks = planned_masks;
	uint32_t more[] = { 7, 8, 70000 };
	struct error error;
	int procfs = procfs_open(&error);

	CHECK(become(procfs, &process, &planned_masks, &error) == 0);
	other.user.uid = 0;
	CHECK(REFUSED(&other, &masks, "check before exec: Uid is 1000, planned was 0"));
	other = process;
	other.user.gid = 0;
	CHECK(REFUSED(&other, &masks, "Gid is 1001, planned was 0"));
	other = process;
	other.user.additional_gids = (struct u32_list){ more, 3 };
	CHECK(REFUSED(&other, &masks, "additional group 8 is missing"));
	other.user.additional_gids.count = 1;
	CHECK(REFUSED(&other, &masks, "additional group 70000 was not planned"));
	other = process;
	masks.bounding &= ~BIT(CAP_NET_RAW);
	CHECK(REFUSED(&process, &masks, "CapBnd is 0x2021, planned was 0x21"));
	masks = planned_masks;
	masks.effective |= BIT(CAP_NET_RAW);
	CHECK(REFUSED(&process, &masks, "CapEff is 0x21, planned was 0x2021"));
	masks = planned_masks;
	masks.permitted = 0;
	CHECK(REFUSED(&process, &masks, "CapPrm"));
	masks = planned_masks;
	masks.inheritable = 0;
	CHECK(REFUSED(&process, &masks, "CapInh"));
	masks = planned_masks;
	masks.ambient = 0;
	CHECK(REFUSED(&process, &masks, "CapAmb"));
	CHECK(verify(procfs, &process, NULL, false, &error) == 0);
	return 0;
}

static void the_check_names_what_differs(void **state)
{
	(void)state;
	need_root();
	run_in_child(see_each_difference);
}

static int see_missing_protection(void)
{
	struct oci_process process = { .user = { .uid = getuid(), .gid = getgid() },
				       .no_new_privileges = true };
	struct error error;
	int procfs = procfs_open(&error);

	process.user.additional_gids.count = 0;
	if (geteuid() == 0)
		CHECK(setgroups(0, NULL) == 0);
	else if (getgroups(0, NULL) > 0)
		CHILD_SKIPS("the caller has additional groups");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		CHILD_SKIPS("this process has no_new_privs already");
	CHECK(REFUSED(&process, NULL, "NoNewPrivs is 0, planned was 1"));
	CHECK(identity_no_new_privs(&error) == 0);
	CHECK(verify(procfs, &process, NULL, false, &error) == 0);
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
		CHILD_SKIPS("this process has a seccomp filter already");
	CHECK(verify(procfs, &process, NULL, true, &error) == -1);
	CHECK(strstr(error.text, "Seccomp is 0, planned was 2"));
	return 0;
}

static void the_check_misses_no_protection(void **state)
{
	(void)state;
	run_in_child(see_missing_protection);
}

static int keep_the_bounding_set(void)
{
	struct capability_masks none = { 0 };
	struct capability_masks all = { .bounding = UINT64_MAX };
	struct error error;

	CHECK(identity_capabilities(&none, &error) == 0);
	CHECK(identity_bounding(&all, &error) == 0);
	CHECK(identity_bounding(&none, &error) == -1);
	CHECK(error.number == EPERM && strstr(error.text, "drop CAP_CHOWN from the bounding set"));
	return 0;
}

static void a_bounding_set_that_stays_is_an_error(void **state)
{
	(void)state;
	need_root();
	run_in_child(keep_the_bounding_set);
}

static int set_umasks(void)
{
	struct oci_user user = { .uid = getuid(), .gid = getgid(), .umask = { true, 0077 } };
	struct error error;
	int procfs = procfs_open(&error);

	CHECK(identity_user(procfs, &user, &error) == 0);
	CHECK(umask(0) == 0077);
	user.umask.present = false;
	CHECK(identity_user(procfs, &user, &error) == 0);
	CHECK(umask(0) == 0022);
	return 0;
}

static void the_umask_has_a_default(void **state)
{
	(void)state;
	need_root();
	run_in_child(set_umasks);
}

/* Ids 0 to 9 stay what they are. Only a process outside may map more than one. */
static int map_ids(int procfs, pid_t process, bool deny)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/setgroups", process);
	if (deny && file_write_at(procfs, path, "deny") < 0)
		return -1;
	snprintf(path, sizeof(path), "%d/uid_map", process);
	if (file_write_at(procfs, path, "0 0 10\n") < 0)
		return -1;
	snprintf(path, sizeof(path), "%d/gid_map", process);
	return file_write_at(procfs, path, "0 0 10\n");
}

static int enter_user_namespace(int procfs, bool deny)
{
	pid_t self = getpid();
	pid_t helper;
	int pipes[2];
	int status;
	char go;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -1;
	helper = fork();
	if (helper < 0)
		return -1;
	if (helper == 0) {
		close(pipes[1]);
		_exit(read(pipes[0], &go, 1) == 1 && map_ids(procfs, self, deny) == 0 ? 0 : 1);
	}
	if (unshare(CLONE_NEWUSER) == 0 && write(pipes[1], "x", 1) != 1)
		return -1;
	close(pipes[1]);
	return waitpid(helper, &status, 0) == helper && status == 0 ? 0 : -1;
}

static int live_with_denied_setgroups(void)
{
	uint32_t foreign = 5;
	uint32_t own = 0;
	struct oci_process process = { .user = { .uid = 0, .gid = 0 } };
	struct error error;
	int procfs = procfs_open(&error);
	const gid_t callers[] = { 4 };

	CHECK(setgroups(1, callers) == 0);
	if (enter_user_namespace(procfs, true) < 0)
		CHILD_SKIPS("no user namespace can be made here");
	CHECK(identity_user(procfs, &process.user, &error) == 0);
	CHECK(verify(procfs, &process, NULL, false, &error) == 0);
	process.user.additional_gids = (struct u32_list){ &own, 1 };
	CHECK(identity_user(procfs, &process.user, &error) == 0);
	CHECK(verify(procfs, &process, NULL, false, &error) == 0);
	process.user.additional_gids = (struct u32_list){ &foreign, 1 };
	CHECK(identity_user(procfs, &process.user, &error) == -1);
	CHECK(strstr(error.text, "cannot set any additional groups in a rootless container"));
	CHECK(verify(procfs, &process, NULL, false, &error) == -1);
	return 0;
}

static void denied_setgroups_is_told_from_a_failure(void **state)
{
	(void)state;
	need_root();
	run_in_child(live_with_denied_setgroups);
}

static int ask_for_unmapped_ids(void)
{
	struct oci_user user = { .uid = 10, .gid = 0 };
	uint32_t unmapped = 10;
	struct error error;
	int procfs = procfs_open(&error);

	if (enter_user_namespace(procfs, false) < 0)
		CHILD_SKIPS("no user namespace can be made here");
	CHECK(identity_user(procfs, &user, &error) == -1);
	CHECK(strstr(error.text, "cannot set uid to unmapped user in user namespace"));
	user = (struct oci_user){ .uid = 0, .gid = 10 };
	CHECK(identity_user(procfs, &user, &error) == -1);
	CHECK(strstr(error.text, "cannot set gid to unmapped user in user namespace"));
	user = (struct oci_user){ .additional_gids = { &unmapped, 1 } };
	CHECK(identity_user(procfs, &user, &error) == -1);
	CHECK(strstr(error.text, "set the additional groups: invalid argument"));
	return 0;
}

static void unmapped_ids_are_refused(void **state)
{
	(void)state;
	need_root();
	run_in_child(ask_for_unmapped_ids);
}

static int refuse_labels(void)
{
	struct error error;
	int procfs = procfs_open(&error);

	CHECK(identity_apparmor(procfs, NULL, &error) == 0 && identity_apparmor(procfs, "", &error) == 0);
	CHECK(identity_selinux(procfs, NULL, &error) == 0 && identity_selinux(procfs, "", &error) == 0);
	if (!selinux_is_enabled()) {
		CHECK(identity_selinux(procfs, "system_u:system_r:container_t:s0", &error) == -1);
		CHECK(strstr(error.text, "can't set process label system_u:system_r:container_t:s0"));
	}
	CHECK(identity_apparmor(procfs, "unconfined", &error) == 0);
	CHECK(identity_apparmor(procfs, "no-such-profile", &error) == -1);
	CHECK(strstr(error.text, "unable to apply apparmor profile no-such-profile"));
	return 0;
}

static void labels_of_absent_modules_are_refused(void **state)
{
	(void)state;
	run_in_child(refuse_labels);
}

static int find_nothing(void)
{
	struct oci_process process = { .oom_score_adj = { true, 500 } };
	_cleanup_fd_ int elsewhere = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error error;

	/* A directory that is no procfs: nothing falls back to the path /proc. */
	CHECK(identity_selinux(elsewhere, "label", &error) == -1 && error.number == ENOENT);
	CHECK(identity_apparmor(elsewhere, "profile", &error) == -1 && error.number == ENOENT);
	CHECK(identity_oom_score(elsewhere, 0, &process, &error) == -1 && error.number == ENOENT);
	CHECK(identity_open_status(elsewhere, &error) == -1 && error.number == ENOENT);
	return 0;
}

static void only_the_given_procfs_is_used(void **state)
{
	(void)state;
	run_in_child(find_nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_masks),
		cmocka_unit_test(every_known_name_has_its_number),
		cmocka_unit_test(unknown_names_are_left_out_with_a_warning),
		cmocka_unit_test(ambient_needs_permitted_and_inheritable),
		cmocka_unit_test(a_user_keeps_the_capabilities_it_is_given),
		cmocka_unit_test(nothing_comes_along_from_the_caller),
		cmocka_unit_test(the_check_names_what_differs),
		cmocka_unit_test(the_check_misses_no_protection),
		cmocka_unit_test(a_bounding_set_that_stays_is_an_error),
		cmocka_unit_test(the_umask_has_a_default),
		cmocka_unit_test(denied_setgroups_is_told_from_a_failure),
		cmocka_unit_test(unmapped_ids_are_refused),
		cmocka_unit_test(labels_of_absent_modules_are_refused),
		cmocka_unit_test(only_the_given_procfs_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
