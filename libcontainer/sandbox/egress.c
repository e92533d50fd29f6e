/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/egress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "ondemand/ondemand.h"
#include "policy/policy.h"

#define LIMIT_MS 20000
#define LIMIT_LISTING_MS 10000

/*
 * What every plan lets pass: what IPv6 needs to find its neighbours and what is asked of it about groups, the
 * container's own addresses, replies. After translation of addresses (priority 100 at most), so that the rules are
 * about where a packet really goes; one that names hops of its own would go elsewhere than to the address that it
 * carries (any program can ask for that: ip(7) IP_OPTIONS, RFC 8754). Any program can send from an address that is not
 * the container's, too (IP_FREEBIND), and conntrack would take a packet to that address for the reply: so the sender is
 * looked at first. Nor does every packet of a connection that is older than the rules pass, but the replies. nft(8),
 * nf_ip_hook_priorities of linux/netfilter_ipv4.h
 */
static const char before_layers[] =
	"\tchain output {\n"
	"\t\ttype filter hook output priority 200; policy drop;\n"
	"\t\ticmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, "
	"mld-listener-done, mld2-listener-report } accept\n"
	"\t\tfib saddr type != local drop\n"
	"\t\tip option lsrr exists reject with icmpx type admin-prohibited\n"
	"\t\tip option ssrr exists reject with icmpx type admin-prohibited\n"
	"\t\texthdr rt exists reject with icmpx type admin-prohibited\n"
	"\t\tfib daddr type local accept\n"
	"\t\tct state established ct direction reply accept\n"
	"\t\tct state related accept\n";
/* What comes back in from the container itself is not sent on by the kernel, whatever its sysctls say. */
static const char after_layers[] = "\t\taccept\n\t}\n"
				   "\tchain forward {\n"
				   "\t\ttype filter hook forward priority 200; policy accept;\n"
				   "\t\tiif lo drop\n"
				   "\t}\n";

/* A program gets an error at once instead of waiting for an answer. */
static const char *verdict(bool allow)
{
	return allow ? "return" : "reject with icmpx type admin-prohibited";
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "sctp";
}

/* Every address has a prefix of length 0, which nft does not compare. */
static void put_network(struct strbuf *text, const struct egress_rule *rule)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(rule->v6 ? AF_INET6 : AF_INET, rule->address, address, sizeof(address));
	if (rule->prefix == 0)
		strbuf_printf(text, "\t\tmeta nfproto %s", rule->v6 ? "ipv6" : "ipv4");
	else
		strbuf_printf(text, "\t\t%s daddr %s/%u", rule->v6 ? "ip6" : "ip", address, rule->prefix);
}

/* One rule of nft for each protocol. */
static void put_rule(struct strbuf *text, const struct egress_rule *rule)
{
	size_t next = 0;

	if (rule->port_count == 0) {
		put_network(text, rule);
		strbuf_printf(text, " %s\n", verdict(rule->allow));
	}
	while (next < rule->port_count) {
		uint8_t protocol = rule->ports[next].protocol;
		const char *before = "";

		put_network(text, rule);
		strbuf_printf(text, " %s dport { ", protocol_name(protocol));
		for (; next < rule->port_count && rule->ports[next].protocol == protocol; next++) {
			const struct egress_ports *ports = &rule->ports[next];

			strbuf_printf(text, "%s%u", before, ports->first);
			if (ports->last > ports->first)
				strbuf_printf(text, "-%u", ports->last);
			before = ", ";
		}
		strbuf_printf(text, " } %s\n", verdict(rule->allow));
	}
}

/* The chains of the table: one for each layer, which returns what it lets pass, and the one that is hooked in. */
static void put_chains(struct strbuf *text, const struct egress_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct egress_layer *layer = &plan->layers[i];

		strbuf_printf(text, "\tchain layer-%zu {\n", i);
		for (size_t r = 0; r < layer->count; r++)
			put_rule(text, &layer->rules[r]);
		strbuf_printf(text, "\t\t%s\n\t}\n", verdict(layer->allow));
	}
	strbuf_puts(text, before_layers);
	for (size_t i = 0; i < plan->count; i++)
		strbuf_printf(text, "\t\tjump layer-%zu\n", i);
	strbuf_puts(text, after_layers);
}

/* FNV-1a */
static uint64_t digest(const char *text)
{
	uint64_t value = 0xcbf29ce484222325;

	for (; *text; text++)
		value = (value ^ (uint8_t)*text) * 0x100000001b3;
	return value;
}

/* As a document for the companion. What was there under the name is replaced, in one transaction. */
static const char *request_text(struct arena *arena, const struct egress_plan *plan, const char *operation)
{
	_cleanup_strbuf_ struct strbuf chains = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };
	const char *table;

	put_chains(&chains, plan);
	table = arena_printf(arena, "casemate-%016" PRIx64, digest(strbuf_text(&chains)));
	json_begin_object(&writer);
	json_member_string(&writer, "operation", operation);
	json_member_string(&writer, "table", table);
	json_key(&writer, "rules");
	json_string(&writer,
		    arena_printf(arena, "add table inet %s\ndelete table inet %s\ntable inet %s {\n%s}\n",
				 table, table, table, strbuf_text(&chains)));
	json_end_object(&writer);
	return arena_strdup(arena, strbuf_text(&text));
}

static int call(struct arena *arena, const struct egress_plan *plan, int network, const char *operation,
		const struct json_value **reply, struct error *error)
{
	const struct ondemand_request request = {
		.mode = "nftables",
		.text = request_text(arena, plan, operation),
		.fd = network,
		.limit_ms = reply ? LIMIT_LISTING_MS : LIMIT_MS,
	};

	return ondemand_call(arena, &request, reply, error);
}

static int check_own(int network, struct error *error)
{
	struct stat status;
	int hosts;

	if (fstat(network, &status) < 0)
		return error_set(error, errno, "look at the container's network namespace");
	hosts = policy_namespace_is_hosts(OCI_NAMESPACE_NETWORK, &status, error);
	return hosts > 0 ? error_set(error, 0, "the container is in the host's network namespace") : hosts;
}

static int refused(struct arena *arena, const struct egress_plan *plan, struct error *error)
{
	const char *text = arena_strdup(arena, error->text);

	return policy_refuse(&plan->names, "egress", error, "%s; or run with --policy off", text);
}

int egress_look(struct arena *arena, const struct egress_plan *plan, int network, const char **found,
		struct error *error)
{
	const struct json_value *reply, *same;

	if (call(arena, plan, network, "compare", &reply, error) < 0)
		return -1;
	same = json_get(reply, "same");
	*found = json_get_string(reply, "found");
	return same && same->type == JSON_BOOL && same->boolean;
}

int egress_carry_out(struct arena *arena, const struct egress_plan *plan, int network,
		     enum egress_request request, struct error *error)
{
	const char *found;
	int in_force;

	if (check_own(network, error) < 0)
		return refused(arena, plan, error);
	if (request == EGRESS_SET)
		return call(arena, plan, network, "set", NULL, error) < 0 ? refused(arena, plan, error) : 0;
	in_force = egress_look(arena, plan, network, &found, error);
	if (in_force == 0)
		error_set(error, 0,
			  "the rules in the container's network namespace are not as planned (%s); start "
			  "a new container",
			  found);
	return in_force <= 0 ? refused(arena, plan, error) : 0;
}
