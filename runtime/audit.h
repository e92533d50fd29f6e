/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of `audit`. */
#pragma once

#include "command.h"
#include "policy/audit.h"

/* For people: each check, passed or not, and how to fix it. */
void audit_print_text(struct context *context, const struct audit *audit);
/* docs/schema/audit.json */
void audit_print_json(struct context *context, const struct audit *audit);
/* SARIF 2.1.0, as code-scanning services take it: a result for each check that does not pass. */
void audit_print_sarif(struct context *context, const struct audit *audit);
