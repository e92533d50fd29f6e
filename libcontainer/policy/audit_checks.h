/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of audit.c, each whether it passes. */
#pragma once

#include "policy/audit.h"

bool audit_not_privileged(const struct audit_subject *subject);
bool audit_no_ruling_capability(const struct audit_subject *subject);
bool audit_seccomp(const struct audit_subject *subject);
bool audit_proven_seccomp(const struct audit_subject *subject);
bool audit_own_mounts_and_pids(const struct audit_subject *subject);
bool audit_own_network(const struct audit_subject *subject);
bool audit_masks(const struct audit_subject *subject);
bool audit_no_host_sources(const struct audit_subject *subject);
bool audit_readonly_paths(const struct audit_subject *subject);
bool audit_devices(const struct audit_subject *subject);
bool audit_own_ipc_and_uts(const struct audit_subject *subject);
bool audit_sysfs(const struct audit_subject *subject);
bool audit_nothing_inheritable(const struct audit_subject *subject);
bool audit_no_new_privileges(const struct audit_subject *subject);
bool audit_more_masks(const struct audit_subject *subject);
bool audit_pids(const struct audit_subject *subject);
bool audit_keyring(const struct audit_subject *subject);
bool audit_no_capability(const struct audit_subject *subject);
bool audit_landlock(const struct audit_subject *subject);
bool audit_user(const struct audit_subject *subject);
bool audit_strict_seccomp(const struct audit_subject *subject);
bool audit_rootfs(const struct audit_subject *subject);
bool audit_few_capabilities(const struct audit_subject *subject);
bool audit_mount_flags(const struct audit_subject *subject);
bool audit_few_pids(const struct audit_subject *subject);
bool audit_memory(const struct audit_subject *subject);
bool audit_cpu(const struct audit_subject *subject);
bool audit_disk(const struct audit_subject *subject);
bool audit_securebits(const struct audit_subject *subject);
bool audit_core_scheduling(const struct audit_subject *subject);
bool audit_speculation(const struct audit_subject *subject);
bool audit_egress(const struct audit_subject *subject);
bool audit_exec(const struct audit_subject *subject);
bool audit_lsm(const struct audit_subject *subject);
