/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress: where the container may send packets, as rules of nftables in its network namespace. In one policy the
 * longest network that an address lies in decides, as in routing, and of equal ones what names the port. Two policies'
 * rules are not mixed into one: a packet has to pass each.
 *
 * A document with one layer of rules has its members in the object itself, one with several in "layers".
 *
 * Rules are worth something only where the container can neither change them nor go past them. So the capabilities that
 * can are taken from it, and from each process that joins it, and so are sockets of other families than IP's: what
 * AF_VSOCK, AF_PPPOX, AF_TIPC and the like send is no packet that rules see.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/number.h"
#include "base/strbuf.h"
#include "policy/key.h"

static const char key[] = "egress";

/* More make every packet slow. */
#define LAYERS_MAX 16
#define RULES_MAX 1000

/*
 * CAP_NET_ADMIN changes rules, CAP_NET_RAW opens packet sockets, whose packets no rule of the IP layer sees,
 * CAP_SYS_ADMIN joins other network namespaces and counts as CAP_NET_ADMIN for BPF. capabilities(7), packet(7)
 */
static const char *const taken[] = { "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN", NULL };

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP } };

struct layer {
	const char *text; /* as it is written: layers with the same text are the same */
	struct egress_layer rules;
	struct string_list names;
};

struct egress {
	struct layer *layers; /* sorted by text */
	size_t count;
};

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

static void print_layer(struct arena *arena, struct json_writer *writer, const struct egress_layer *layer);

static int read_layer(struct policy_reading *reading, const struct json_value *value, struct layer *layer)
{
	const struct json_value *word = json_get(value, "default");
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };
	size_t count = 0;

	if (word && (word->type != JSON_STRING ||
		     (strcmp(word->string, "deny") != 0 && strcmp(word->string, "allow") != 0)))
		return reading_error(reading, "egress.default", word, "\"deny\" or \"allow\"");
	layer->rules.allow = word && !strcmp(word->string, "allow");
	if (count_rules(reading, value, "allow", &count) || count_rules(reading, value, "deny", &count))
		return -1;
	layer->rules.rules = ARENA_NEW_ARRAY(reading->arena, struct egress_rule, count + 1);
	if (read_rules(reading, value, "allow", &layer->rules) ||
	    read_rules(reading, value, "deny", &layer->rules))
		return -1;
	print_layer(reading->arena, &writer, &layer->rules);
	layer->text = arena_strdup(reading->arena, strbuf_text(&text));
	layer->names = reading->names;
	return 0;
}

static bool denies_nothing(const struct egress_layer *layer)
{
	for (size_t i = 0; i < layer->count; i++)
		if (!layer->rules[i].allow)
			return false;
	return layer->allow;
}

static void unite_layers(struct arena *arena, const struct egress *a, const struct egress *b,
			 struct egress *both)
{
	size_t l = 0, r = 0;

	both->count = 0;
	both->layers = ARENA_NEW_ARRAY(arena, struct layer, a->count + b->count + 1);
	while (l < a->count || r < b->count) {
		int order = l == a->count   ? 1
			    : r == b->count ? -1
					    : strcmp(a->layers[l].text, b->layers[r].text);
		struct layer *layer = &both->layers[both->count++];

		*layer = order <= 0 ? a->layers[l] : b->layers[r];
		if (order == 0)
			layer->names = names_unite(arena, &a->layers[l].names, &b->layers[r].names);
		l += order <= 0;
		r += order >= 0;
	}
}

static int add_layer(struct policy_reading *reading, const struct json_value *value, struct egress *egress)
{
	struct layer layer = { 0 };
	struct egress one = { .layers = &layer, .count = 1 }, before = *egress;

	if (read_layer(reading, value, &layer))
		return -1;
	if (!denies_nothing(&layer.rules))
		unite_layers(reading->arena, &before, &one, egress);
	return 0;
}

static int read_layers(struct policy_reading *reading, const struct json_value *value, struct egress *egress)
{
	static const char *const members[] = { "default", "allow", "deny", NULL };

	if (value->type != JSON_ARRAY)
		return reading_error(reading, "egress.layers", value, "an array of layers of rules");
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];

		if (reading_object(reading, "egress.layers", item, members) || add_layer(reading, item, egress))
			return -1;
	}
	return 0;
}

/* An object without members denies everything; one with nothing but layers says nothing besides them. */
static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "layers", "default", "allow", "deny", NULL };
	struct egress *egress = ARENA_NEW(reading->arena, struct egress);
	const struct json_value *layers;

	if (reading_object(reading, key, value, members))
		return NULL;
	layers = json_get(value, "layers");
	if (layers && read_layers(reading, layers, egress))
		return NULL;
	if (layers && value->object.count == 1)
		return egress;
	return add_layer(reading, value, egress) ? NULL : egress;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	struct egress *both = ARENA_NEW(arena, struct egress);

	unite_layers(arena, left, right, both);
	return both;
}

static int check(const void *value, struct error *error)
{
	const struct egress *egress = value;

	if (egress->count <= LAYERS_MAX)
		return 0;
	return error_set(error, 0,
			 "egress: %zu different layers of rules are stacked, at most %d can be; use fewer "
			 "policies with egress",
			 egress->count, LAYERS_MAX);
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

static void print_layer(struct arena *arena, struct json_writer *writer, const struct egress_layer *layer)
{
	json_begin_object(writer);
	json_member_string(writer, "default", layer->allow ? "allow" : "deny");
	json_key(writer, "allow");
	print_rules(arena, writer, layer, true);
	json_key(writer, "deny");
	print_rules(arena, writer, layer, false);
	json_end_object(writer);
}

static void print(struct json_writer *writer, const void *value)
{
	const struct egress *egress = value;
	_cleanup_arena_ struct arena arena = { 0 };

	json_begin_object(writer);
	json_key(writer, "layers");
	json_begin_array(writer);
	for (size_t i = 0; i < egress->count; i++)
		print_layer(&arena, writer, &egress->layers[i].rules);
	json_end_array(writer);
	json_end_object(writer);
}

/* applying ------------------------------------------------------------------------------------------------ */

/*
 * A namespace of the host's is never touched. One that is joined is: the rules hold for all in it then, which makes
 * none of them looser. Containers of a pod share their network, and what restricts one that others can speak for
 * would restrict nothing.
 */
static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct egress *egress = value;
	const struct oci_namespace *entry = config_namespace(pass->config, OCI_NAMESPACE_NETWORK);
	enum policy_namespace_origin joined = pass->facts->joined[OCI_NAMESPACE_NETWORK];

	if (pass->stage != POLICY_STAGE_CREATE || egress->count == 0 ||
	    (entry && (!entry->path || joined == POLICY_NAMESPACE_OTHER)))
		return 0;
	if (entry && joined == POLICY_NAMESPACE_UNKNOWN)
		return pass_refuse(&egress->layers[0].names, key, error,
				   "it is not known whether the network namespace %s is the host's; give the "
				   "container a network of its own or run with --policy off",
				   entry->path);
	return pass_refuse(&egress->layers[0].names, key, error,
			   "container shares the host's network, where no rules can be put; remove "
			   "--network=host or run with --policy off");
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

static void plan_layer(struct policy_pass *pass, const struct layer *layer)
{
	struct egress_plan *plan = &pass->hardening->egress;
	struct egress_layer *layers = ARENA_NEW_ARRAY(pass->arena, struct egress_layer, plan->count + 1);
	const struct oci_namespace *entry = config_namespace(pass->config, OCI_NAMESPACE_NETWORK);
	_cleanup_strbuf_ struct strbuf text = { 0 };

	if (plan->count)
		memcpy(layers, plan->layers, plan->count * sizeof(*layers));
	layers[plan->count++] = layer->rules;
	plan->layers = layers;
	string_list_add(pass->arena, &plan->texts, layer->text);
	plan->names = names_unite(pass->arena, &plan->names, &layer->names);
	strbuf_printf(&text, "default %s", layer->rules.allow ? "allow" : "deny");
	describe_rules(pass->arena, &text, &layer->rules, true);
	describe_rules(pass->arena, &text, &layer->rules, false);
	if (entry && entry->path)
		strbuf_puts(&text, " (for all in the network namespace that is joined)");
	pass_change(pass, &layer->names, key, "egress rules", "absent",
		    arena_strdup(pass->arena, strbuf_text(&text)));
}

static void apply(struct policy_pass *pass, const void *value)
{
	static const char what[] = "against sockets but of AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK";
	const struct egress *egress = value;
	struct string_list names = { 0 };

	for (size_t i = 0; i < egress->count; i++) {
		names = names_unite(pass->arena, &names, &egress->layers[i].names);
		if (!string_list_has(&pass->hardening->egress.texts, egress->layers[i].text))
			plan_layer(pass, &egress->layers[i]);
	}
	if (egress->count == 0)
		return;
	capabilities_take(pass, taken, &names, key);
	pass_guard(pass, &names, key, "egress", what);
}

bool egress_needs_network(const void *value)
{
	const struct egress *egress = value;

	return egress && egress->count > 0;
}

const struct policy_key key_egress = {
	.name = "egress",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = merge,
	.print = print,
	.check = check,
	.refuse = refuse,
	.apply = apply,
};
