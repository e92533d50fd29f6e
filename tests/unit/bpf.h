/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp filters without the kernel, for unit tests. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* What @program returns for @data, as the kernel would run it; fails the test where it would refuse it. */
uint32_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data);
