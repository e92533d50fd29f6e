/* SPDX-License-Identifier: Apache-2.0 */
/* Where packets may go, as a policy's document says it and as it was planned: two readings that must agree. */
#pragma once

#include "base/json.h"
#include "policy/hardening.h"

struct packet {
	const char *address;
	const char *protocol; /* "tcp", "udp", "icmp" */
	uint16_t port;
};

/* Whether the key "egress" of @document, if there is one, lets @packet pass: by every layer. */
bool document_passes(const struct json_value *document, const struct packet *packet);
/* Likewise @plan. */
bool plan_passes(const struct egress_plan *plan, const struct packet *packet);

/* Packets to every network that policy_generator.c speaks of, and past each. */
extern const struct packet packets[];
extern const size_t packet_count;
