/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of config_check(), each about one concern of the configuration. 0, or -1. */
#pragma once

#include "spec/config.h"

int check_process(const struct oci_process *process, struct error *error); /* check_process.c */
int check_mappings(const struct oci_config *config, struct error *error); /* check_mappings.c */
int check_mount_mappings(const struct oci_config *config, struct error *error);
int check_sysctls(const struct oci_config *config, struct error *error); /* check_sysctl.c */
int check_resources(const struct oci_resources *resources, struct error *error); /* check_resources.c */
int check_linux(const struct oci_config *config, struct error *error); /* check_linux.c */
