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
#include <string.h>

#include "base/strbuf.h"
#include "policy/egress_layer.h"

static const char key[] = "egress";

/* More make every packet slow. */
#define LAYERS_MAX 16

/*
 * CAP_NET_ADMIN changes rules, CAP_NET_RAW opens packet sockets, whose packets no rule of the IP layer sees,
 * CAP_SYS_ADMIN joins other network namespaces and counts as CAP_NET_ADMIN for BPF. capabilities(7), packet(7)
 */
static const char *const taken[] = { "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN", NULL };

struct egress {
	struct named_set layers; /* their rules are struct egress_layer */
};

/* reading ------------------------------------------------------------------------------------------------- */

/* Layers with the same text are the same. */
static int add_layer(struct policy_reading *reading, const struct json_value *value, struct egress *egress)
{
	struct egress_layer *rules = ARENA_NEW(reading->arena, struct egress_layer);
	struct named_item layer = { .names = reading->names, .rules = rules };
	const struct named_set one = { &layer, 1 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	if (egress_layer_read(reading, value, rules))
		return -1;
	egress_layer_print(reading->arena, &writer, rules);
	layer.text = arena_strdup(reading->arena, strbuf_text(&text));
	if (!egress_layer_denies_nothing(rules))
		egress->layers = named_set_unite(reading->arena, &egress->layers, &one);
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
	const struct egress *a = left, *b = right;
	struct egress *both = ARENA_NEW(arena, struct egress);

	both->layers = named_set_unite(arena, &a->layers, &b->layers);
	return both;
}

static int check(const void *value, struct error *error)
{
	const struct egress *egress = value;

	if (egress->layers.count <= LAYERS_MAX)
		return 0;
	return error_set(error, 0,
			 "egress: %zu different layers of rules are stacked, at most %d can be; use fewer "
			 "policies with egress",
			 egress->layers.count, LAYERS_MAX);
}

static void print(struct json_writer *writer, const void *value)
{
	const struct egress *egress = value;
	_cleanup_arena_ struct arena arena = { 0 };

	json_begin_object(writer);
	json_key(writer, "layers");
	json_begin_array(writer);
	for (size_t i = 0; i < egress->layers.count; i++)
		egress_layer_print(&arena, writer, egress->layers.items[i].rules);
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

	if (pass->stage != POLICY_STAGE_CREATE || egress->layers.count == 0 ||
	    (entry && (!entry->path || joined == POLICY_NAMESPACE_OTHER)))
		return 0;
	if (entry && joined == POLICY_NAMESPACE_UNKNOWN)
		return policy_refuse(&egress->layers.items[0].names, key, error,
				     "it is not known whether the network namespace %s is the host's; give the "
				     "container a network of its own or run with --policy off",
				     entry->path);
	return policy_refuse(&egress->layers.items[0].names, key, error,
			     "container shares the host's network, where no rules can be put; remove "
			     "--network=host or run with --policy off");
}

static void plan_layer(struct policy_pass *pass, const struct named_item *layer)
{
	struct egress_plan *plan = &pass->hardening->egress;
	struct egress_layer *layers = ARENA_NEW_ARRAY(pass->arena, struct egress_layer, plan->count + 1);
	const struct oci_namespace *entry = config_namespace(pass->config, OCI_NAMESPACE_NETWORK);
	const struct egress_layer *rules = layer->rules;
	const char *where = entry && entry->path ? " (for all in the network namespace that is joined)" : "";

	if (plan->count)
		memcpy(layers, plan->layers, plan->count * sizeof(*layers));
	layers[plan->count++] = *rules;
	plan->layers = layers;
	string_list_add(pass->arena, &plan->texts, layer->text);
	plan->names = names_unite(pass->arena, &plan->names, &layer->names);
	pass_change(pass, &layer->names, key, "egress rules", "absent",
		    arena_printf(pass->arena, "%s%s", egress_layer_text(pass->arena, rules), where));
}

static void apply(struct policy_pass *pass, const void *value)
{
	static const char what[] = "against sockets but of AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK";
	const struct egress *egress = value;
	struct string_list names = { 0 };

	for (size_t i = 0; i < egress->layers.count; i++) {
		names = names_unite(pass->arena, &names, &egress->layers.items[i].names);
		if (!string_list_has(&pass->hardening->egress.texts, egress->layers.items[i].text))
			plan_layer(pass, &egress->layers.items[i]);
	}
	if (egress->layers.count == 0)
		return;
	capabilities_take(pass, taken, &names, key);
	pass_guard(pass, &names, key, "egress", what);
}

bool egress_needs_network(const void *value)
{
	const struct egress *egress = value;

	return egress && egress->layers.count > 0;
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
