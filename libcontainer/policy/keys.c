/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the keys of a policy. A new key is a file key_NAME.c and a row here. */
#include "policy/key.h"

/*
 * In the order of application. It matters for some: tmpfs comes before mounts, whose options are for the added
 * ones too, and maskedPaths before readonlyPaths, which leaves out what is masked. landlock comes after all
 * that makes mounts or takes their right to be written.
 */
/* clang-format off */
const struct policy_key *const policy_keys[] = {
	&key_privileged,
	&key_namespaces,
	&key_user,
	&key_userns,
	&key_no_new_privileges,
	&key_capabilities,
	&key_rootfs,
	&key_tmpfs,
	&key_mounts,
	&key_masked_paths,
	&key_readonly_paths,
	&key_resources,
	&key_devices,
	&key_sysctl,
	&key_seccomp,
	&key_landlock,
	&key_securebits,
	&key_core_scheduling,
	&key_speculation,
	&key_disk,
	&key_egress,
	&key_keyring,
	&key_exec,
	NULL,
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(policy_keys) <= POLICY_KEYS_MAX, "POLICY_KEYS_MAX is too small");
