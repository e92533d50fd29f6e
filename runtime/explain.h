/* SPDX-License-Identifier: Apache-2.0 */
/* What `explain` shows to people. */
#pragma once

#include "command.h"
#include "policy/policy.h"

/*
 * Appends the explanation to context->out: a table of aligned columns no wider than the terminal, in colour
 * where standard output is one and NO_COLOR is not set.
 */
void explain_print_text(struct context *context, const struct explanation *explanation);
