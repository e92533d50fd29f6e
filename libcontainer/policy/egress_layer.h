/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the policy room: one layer of egress rules, from its document to rules in the order in which they are tried, and
 * back. docs/policies.md describes it.
 */
#pragma once

#include "policy/key.h"

/* Reads the object @value, whose members the caller has looked at. 0, or -1 with reading->error set. */
int egress_layer_read(struct policy_reading *reading, const struct json_value *value,
		      struct egress_layer *layer);

/* Whether every packet passes it. */
bool egress_layer_denies_nothing(const struct egress_layer *layer);

/* Writes it as an object, which is read back as the same layer. */
void egress_layer_print(struct arena *arena, struct json_writer *writer, const struct egress_layer *layer);

/* "default allow; deny 10.0.0.0/8, fd00::/8 443/tcp" */
const char *egress_layer_text(struct arena *arena, const struct egress_layer *layer);
