/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/egress_layer.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/number.h"
#include "base/strbuf.h"

#define RULES_MAX 1000 /* more make every packet slow */

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP } };

/* networks ------------------------------------------------------------------------------------------------ */

static bool has_bits_beyond(const struct egress_rule *rule)
{
	for (unsigned int bit = rule->prefix; bit < (rule->v6 ? 128U : 32U); bit++)
		if (rule->address[bit / 8] & (0x80U >> bit % 8))
			return true;
	return false;
}

/* A socket that is given one sends IPv4: no packet would ever fit. */
static bool is_mapped(const struct egress_rule *rule)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return rule->v6 && rule->prefix >= 96 && !memcmp(rule->address, mapped, sizeof(mapped));
}

/* "10.0.0.0/8", "fd00::/8"; without a length it is one address. 0, or -1. */
static int parse_network(const char *text, struct egress_rule *rule)
{
	size_t length = strcspn(text, "/");
	char address[INET6_ADDRSTRLEN];
	uint32_t prefix;

	if (length >= sizeof(address))
		return -1;
	memcpy(address, text, length);
	address[length] = '\0';
	rule->v6 = strchr(address, ':') != NULL;
	prefix = rule->v6 ? 128 : 32;
	if (inet_pton(rule->v6 ? AF_INET6 : AF_INET, address, rule->address) != 1)
		return -1;
	if (text[length] && (parse_u32(text + length + 1, &prefix) < 0 || prefix > (rule->v6 ? 128U : 32U)))
		return -1;
	rule->prefix = prefix;
	return has_bits_beyond(rule) || is_mapped(rule) ? -1 : 0;
}

static const char *network_text(struct arena *arena, const struct egress_rule *rule)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(rule->v6 ? AF_INET6 : AF_INET, rule->address, address, sizeof(address));
	return arena_printf(arena, "%s/%u", address, rule->prefix);
}

/* The order in which rules are tried: the longer network first, then what is about ports, then what denies. */
static int compare_rules(const struct egress_rule *a, const struct egress_rule *b)
{
	int order = a->v6 - b->v6;

	if (!order)
		order = (int)b->prefix - (int)a->prefix;
	if (!order)
		order = memcmp(a->address, b->address, sizeof(a->address));
	if (!order)
		order = (a->port_count == 0) - (b->port_count == 0);
	return order ? order : a->allow - b->allow;
}

/* ports --------------------------------------------------------------------------------------------------- */

/* "443/tcp", "8000-8100/udp". 0, or -1. */
static int parse_ports(struct arena *arena, const char *text, struct egress_ports *ports)
{
	size_t length = strcspn(text, "/"), dash = strcspn(text, "-/");
	const char *first = arena_strndup(arena, text, dash), *last = first;
	uint64_t from, to;

	if (dash < length)
		last = arena_strndup(arena, text + dash + 1, length - dash - 1);
	if (parse_u64(first, 1, UINT16_MAX, &from) < 0 || parse_u64(last, from, UINT16_MAX, &to) < 0)
		return -1;
	for (size_t i = 0; text[length] && i < ARRAY_SIZE(protocols); i++) {
		if (strcmp(protocols[i].name, text + length + 1) != 0)
			continue;
		*ports = (struct egress_ports){ protocols[i].number, (uint16_t)from, (uint16_t)to };
		return 0;
	}
	return -1;
}

static const char *ports_text(struct arena *arena, const struct egress_ports *ports)
{
	const char *name = "";

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == ports->protocol)
			name = protocols[i].name;
	if (ports->first == ports->last)
		return arena_printf(arena, "%u/%s", ports->first, name);
	return arena_printf(arena, "%u-%u/%s", ports->first, ports->last, name);
}

static bool ports_touch(const struct egress_ports *a, const struct egress_ports *b)
{
	return a->protocol == b->protocol && a->first <= b->last + 1 && b->first <= a->last + 1;
}

/* Adds @ports, in their order, as one range with those that they touch. There is room for one more. */
static void add_ports(struct egress_rule *rule, struct egress_ports ports)
{
	size_t kept = 0, at;

	for (size_t i = 0; i < rule->port_count; i++) {
		const struct egress_ports *other = &rule->ports[i];

		if (ports_touch(other, &ports)) {
			ports.first = other->first < ports.first ? other->first : ports.first;
			ports.last = other->last > ports.last ? other->last : ports.last;
		} else {
			rule->ports[kept++] = *other;
		}
	}
	for (at = kept; at > 0; at--) {
		const struct egress_ports *other = &rule->ports[at - 1];

		if (other->protocol < ports.protocol ||
		    (other->protocol == ports.protocol && other->first < ports.first))
			break;
		rule->ports[at] = *other;
	}
	rule->ports[at] = ports;
	rule->port_count = kept + 1;
}

/* reading ------------------------------------------------------------------------------------------------- */

static int read_ports(struct policy_reading *reading, const char *path, const struct json_value *value,
		      struct egress_rule *rule)
{
	static const char expected[] = "ports such as \"443/tcp\" or \"8000-8100/udp\" (tcp, udp, sctp)";

	path = arena_printf(reading->arena, "%s.ports", path);
	if (value->type != JSON_ARRAY || value->array.count == 0)
		return reading_error(reading, path, value, "an array of ports, or no such member");
	rule->ports = ARENA_NEW_ARRAY(reading->arena, struct egress_ports, value->array.count);
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];
		struct egress_ports ports;

		if (item->type != JSON_STRING || parse_ports(reading->arena, item->string, &ports) < 0)
			return reading_error(reading, path, item, expected);
		add_ports(rule, ports);
	}
	return 0;
}

static int read_rule(struct policy_reading *reading, const char *path, const struct json_value *value,
		     struct egress_rule *rule)
{
	static const char expected[] = "a network such as \"10.0.0.0/8\" or \"fd00::/8\", without bits beyond "
				       "its length and without IPv4 mapped into IPv6";
	static const char *const members[] = { "cidr", "ports", NULL };
	const struct json_value *network = value, *ports = NULL;

	if (value->type != JSON_STRING) {
		if (reading_object(reading, path, value, members))
			return -1;
		network = json_get(value, "cidr");
		ports = json_get(value, "ports");
	}
	if (!network)
		return error_set(reading->error, 0, "%s: %s.cidr: missing", reading->label, path);
	if (network->type != JSON_STRING || parse_network(network->string, rule) < 0)
		return reading_error(reading, path, network, expected);
	return ports ? read_ports(reading, path, ports, rule) : 0;
}

/* Two that say the same of a network become one, with the ports of both. There is room for one more. */
static void add_rule(struct arena *arena, struct egress_layer *layer, const struct egress_rule *rule)
{
	size_t at = layer->count;
	struct egress_rule *same;
	struct egress_ports *both;

	while (at > 0 && compare_rules(&layer->rules[at - 1], rule) >= 0)
		at--;
	same = at < layer->count && compare_rules(&layer->rules[at], rule) == 0 ? &layer->rules[at] : NULL;
	if (!same) {
		memmove(&layer->rules[at + 1], &layer->rules[at], (layer->count - at) * sizeof(*rule));
		layer->rules[at] = *rule;
		layer->count++;
		return;
	}
	if (!rule->port_count)
		return;
	both = ARENA_NEW_ARRAY(arena, struct egress_ports, same->port_count + rule->port_count);
	memcpy(both, same->ports, same->port_count * sizeof(*both));
	same->ports = both;
	for (size_t i = 0; i < rule->port_count; i++)
		add_ports(same, rule->ports[i]);
}

static int read_rules(struct policy_reading *reading, const struct json_value *object, const char *name,
		      struct egress_layer *layer)
{
	const struct json_value *value = json_get(object, name);
	const char *path = arena_printf(reading->arena, "egress.%s", name);

	for (size_t i = 0; value && i < value->array.count; i++) {
		struct egress_rule rule = { .allow = !strcmp(name, "allow") };

		if (read_rule(reading, path, &value->array.items[i], &rule))
			return -1;
		add_rule(reading->arena, layer, &rule);
	}
	return 0;
}

/* How many there are in the array @name, of which there may be none. */
static int count_rules(struct policy_reading *reading, const struct json_value *object, const char *name,
		       size_t *count)
{
	const struct json_value *value = json_get(object, name);
	const char *path = arena_printf(reading->arena, "egress.%s", name);

	if (value && (value->type != JSON_ARRAY || value->array.count > RULES_MAX))
		return reading_error(reading, path, value, "an array of at most 1000 networks");
	*count += value ? value->array.count : 0;
	return 0;
}

int egress_layer_read(struct policy_reading *reading, const struct json_value *value,
		      struct egress_layer *layer)
{
	const struct json_value *word = json_get(value, "default");
	size_t count = 0;

	if (word && (word->type != JSON_STRING ||
		     (strcmp(word->string, "deny") != 0 && strcmp(word->string, "allow") != 0)))
		return reading_error(reading, "egress.default", word, "\"deny\" or \"allow\"");
	layer->allow = word && !strcmp(word->string, "allow");
	if (count_rules(reading, value, "allow", &count) || count_rules(reading, value, "deny", &count))
		return -1;
	layer->rules = ARENA_NEW_ARRAY(reading->arena, struct egress_rule, count + 1);
	if (read_rules(reading, value, "allow", layer) || read_rules(reading, value, "deny", layer))
		return -1;
	return 0;
}

bool egress_layer_denies_nothing(const struct egress_layer *layer)
{
	for (size_t i = 0; i < layer->count; i++)
		if (!layer->rules[i].allow)
			return false;
	return layer->allow;
}

/* writing ------------------------------------------------------------------------------------------------- */

static void print_rules(struct arena *arena, struct json_writer *writer, const struct egress_layer *layer,
			bool allow)
{
	json_begin_array(writer);
	for (size_t i = 0; i < layer->count; i++) {
		const struct egress_rule *rule = &layer->rules[i];

		if (rule->allow != allow)
			continue;
		if (rule->port_count == 0) {
			json_string(writer, network_text(arena, rule));
			continue;
		}
		json_begin_object(writer);
		json_member_string(writer, "cidr", network_text(arena, rule));
		json_key(writer, "ports");
		json_begin_array(writer);
		for (size_t p = 0; p < rule->port_count; p++)
			json_string(writer, ports_text(arena, &rule->ports[p]));
		json_end_array(writer);
		json_end_object(writer);
	}
	json_end_array(writer);
}

void egress_layer_print(struct arena *arena, struct json_writer *writer, const struct egress_layer *layer)
{
	json_begin_object(writer);
	json_member_string(writer, "default", layer->allow ? "allow" : "deny");
	json_key(writer, "allow");
	print_rules(arena, writer, layer, true);
	json_key(writer, "deny");
	print_rules(arena, writer, layer, false);
	json_end_object(writer);
}

static void describe_rules(struct arena *arena, struct strbuf *text, const struct egress_layer *layer,
			   bool allow)
{
	const char *before = allow ? "; allow " : "; deny ";

	for (size_t i = 0; i < layer->count; i++) {
		const struct egress_rule *rule = &layer->rules[i];

		if (rule->allow != allow)
			continue;
		strbuf_printf(text, "%s%s", before, network_text(arena, rule));
		for (size_t p = 0; p < rule->port_count; p++)
			strbuf_printf(text, " %s", ports_text(arena, &rule->ports[p]));
		before = ", ";
	}
}

const char *egress_layer_text(struct arena *arena, const struct egress_layer *layer)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	strbuf_printf(&text, "default %s", layer->allow ? "allow" : "deny");
	describe_rules(arena, &text, layer, true);
	describe_rules(arena, &text, layer, false);
	return arena_strdup(arena, strbuf_text(&text));
}
