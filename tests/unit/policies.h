/* SPDX-License-Identifier: Apache-2.0 */
/* Configs and policies written in C strings, for the unit tests of the policy room. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/policy.h"

/*
 * Each parses @text, and fails the test where it cannot. Single quotes in @text stand for
 * double ones, and what the specification requires (ociVersion, cwd) is filled in.
 */
struct oci_config *make_config(struct arena *arena, const char *text);
struct oci_process *make_process(struct arena *arena, const char *text);
struct oci_resources *make_resources(struct arena *arena, const char *text);
struct policy *make_policy(struct arena *arena, const char *text);

/* Fails the test unless @text is refused; gives what was said. */
const char *refused_policy(struct arena *arena, const char *text);

/* A built-in policy. */
struct policy *builtin_policy(struct arena *arena, const char *name);

/* @left stacked with @right. */
struct policy *stack(struct arena *arena, const struct policy *left, const struct policy *right);

/* As one line of JSON. */
const char *config_text(struct arena *arena, const struct oci_config *config);
const char *policy_text(struct arena *arena, const struct policy *policy);
const char *hardening_text(struct arena *arena, const struct hardening *hardening);

/* Applies, with a rootful host about which nothing is known, or fails the test; gives the number of changes. */
size_t apply_policy(struct arena *arena, const struct policy *policy, struct oci_config *config);

/* Fails the test unless @policy refuses @config and leaves it as it was; gives what was said. */
const char *refused_config(struct arena *arena, const struct policy *policy, struct oci_config *config,
			   const struct policy_facts *facts);
