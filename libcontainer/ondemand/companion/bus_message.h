/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values as arguments of D-Bus calls. */
#pragma once

#include <stdint.h>

#include "base/json.h"
#include "ondemand/companion/bus_library.h"

/*
 * Appends @value as @type: "b", "s", "i", "u", "t", "as", "au", "ay", "a(ss)" (pairs as lists of two), and
 *   "a(sv)"      properties: a list of {"name", "type", "value"}, and "since": the first version of systemd that
 *                knows it, those that @version does not know are left out;
 *   "a(sa(sv))"  always empty.
 * 0 or more, or a negative errno: EINVAL where the value is not of the type.
 */
int bus_append(const struct bus_library *library, sd_bus_message *message, uint32_t version, const char *type,
	       const struct json_value *value);
