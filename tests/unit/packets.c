/* SPDX-License-Identifier: Apache-2.0 */
#include "packets.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

const struct packet packets[] = {
	{ "10.1.2.3", "tcp", 80 },	{ "10.1.2.3", "udp", 53 },    { "10.1.2.3", "icmp", 0 },
	{ "10.1.2.4", "tcp", 80 },	{ "10.1.2.4", "tcp", 1500 },  { "10.1.2.4", "udp", 80 },
	{ "10.2.0.1", "tcp", 80 },	{ "10.2.0.1", "tcp", 2001 },  { "10.2.0.1", "icmp", 0 },
	{ "11.0.0.1", "tcp", 80 },	{ "11.0.0.1", "udp", 53 },    { "11.0.0.1", "icmp", 0 },
	{ "fd00::1", "tcp", 80 },	{ "fd00::1", "udp", 53 },     { "fd00::1", "icmp", 0 },
	{ "fd00::2", "tcp", 80 },	{ "fd00::2", "tcp", 1000 },   { "fd00::2", "tcp", 999 },
	{ "2001:db8::1", "tcp", 2000 }, { "2001:db8::1", "udp", 53 }, { "2001:db8::1", "icmp", 0 },
};
const size_t packet_count = ARRAY_SIZE(packets);

/* How many leading bits of @address are those of @network, -1 where the families differ. */
static int common_bits(const char *address, const char *network)
{
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	uint8_t a[16], b[16];
	int bits = 0;

	if (inet_pton(family, address, a) != 1 || inet_pton(family, network, b) != 1)
		return -1;
	while (bits < (family == AF_INET ? 32 : 128) && !((a[bits / 8] ^ b[bits / 8]) & (0x80 >> bits % 8)))
		bits++;
	return bits;
}

/* Of the text of a policy that was read already. */
static int number_in(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

/* The length of the network "A/N" or "A" that @address lies in, -1 where it does not. */
static int network_holds(const char *network, const char *address)
{
	char *text = strdup(network), *slash = strchr(text, '/');
	int length = slash ? number_in(slash + 1) : strchr(text, ':') ? 128 : 32;

	if (slash)
		*slash = '\0';
	if (common_bits(address, text) < length)
		length = -1;
	free(text);
	return length;
}

static bool ports_hold(const struct json_value *ports, const struct packet *packet)
{
	for (size_t i = 0; ports && i < ports->array.count; i++) {
		const char *text = ports->array.items[i].string, *slash = strchr(text, '/');
		const char *dash = strchr(text, '-');
		int first = number_in(text), last = dash ? number_in(dash + 1) : first;

		if (!strcmp(slash + 1, packet->protocol) && packet->port >= first && packet->port <= last)
			return true;
	}
	return !ports;
}

/* How much the rule of @rules that speaks of @packet most closely has to say: its network's length, then ports. Or -1. */
static int closest(const struct json_value *rules, const struct packet *packet)
{
	int best = -1;

	for (size_t i = 0; rules && i < rules->array.count; i++) {
		const struct json_value *rule = &rules->array.items[i];
		const struct json_value *network = rule->type == JSON_STRING ? rule : json_get(rule, "cidr");
		int length = network_holds(network->string, packet->address);
		int closeness = length < 0 ? -1 : 2 * length + (json_get(rule, "ports") != NULL);

		if (closeness > best && ports_hold(json_get(rule, "ports"), packet))
			best = closeness;
	}
	return best;
}

static bool layer_passes(const struct json_value *layer, const struct packet *packet)
{
	const struct json_value *word = json_get(layer, "default");
	int allowed = closest(json_get(layer, "allow"), packet);
	int denied = closest(json_get(layer, "deny"), packet);

	if (allowed < 0 && denied < 0)
		return word && !strcmp(word->string, "allow");
	return allowed > denied;
}

bool document_passes(const struct json_value *document, const struct packet *packet)
{
	const struct json_value *egress = json_get(document, "egress"), *layers = json_get(egress, "layers");

	for (size_t i = 0; layers && i < layers->array.count; i++)
		if (!layer_passes(&layers->array.items[i], packet))
			return false;
	return !egress || (layers && egress->object.count == 1) || layer_passes(egress, packet);
}

static bool rule_speaks(const struct egress_rule *rule, const struct packet *packet)
{
	char network[INET6_ADDRSTRLEN];

	inet_ntop(rule->v6 ? AF_INET6 : AF_INET, rule->address, network, sizeof(network));
	if (common_bits(packet->address, network) < (int)rule->prefix)
		return false;
	for (size_t i = 0; i < rule->port_count; i++) {
		const struct egress_ports *ports = &rule->ports[i];

		if (!strcmp(packet->protocol, ports->protocol == IPPROTO_TCP ? "tcp" : "udp") &&
		    packet->port >= ports->first && packet->port <= ports->last)
			return true;
	}
	return rule->port_count == 0;
}

bool plan_passes(const struct egress_plan *plan, const struct packet *packet)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct egress_layer *layer = &plan->layers[i];
		size_t at = 0;

		while (at < layer->count && !rule_speaks(&layer->rules[at], packet))
			at++;
		if (!(at < layer->count ? layer->rules[at].allow : layer->allow))
			return false;
	}
	return true;
}
