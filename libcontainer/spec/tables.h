/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the OCI configuration, one an object, and the names of its enums: see table.h. */
#pragma once

#include "spec/config.h"
#include "spec/table.h"

/* tables_config.c */
extern const struct spec_table spec_config_table;
extern const struct spec_table spec_id_mapping_table;

/* tables_process.c */
extern const struct spec_table spec_process_table;

/* tables_linux.c */
extern const struct spec_table spec_linux_table;
extern const struct spec_name spec_namespace_names[];

/* tables_resources.c */
extern const struct spec_table spec_resources_table;

/* tables_seccomp.c */
extern const struct spec_table spec_seccomp_table;

/* valid.c: what the strings of some members must look like. "" is not asked about where it is absent. */
bool spec_valid_cpu_list(const char *text); /* of digits, blanks, commas and dashes */
bool spec_valid_rlimit(const char *text); /* RLIMIT_ and capital letters */
bool spec_valid_page_size(const char *text); /* "2MB" */
bool spec_valid_device_type(const char *text); /* "c", "b", "u" or "p" */
bool spec_valid_device_rule_type(const char *text); /* "a", "b" or "c" */
bool spec_valid_device_access(const char *text); /* of r, w, m, and a that means nothing */
bool spec_valid_memory_bandwidth(const char *text); /* "MB:" and one line */
