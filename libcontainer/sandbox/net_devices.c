/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "sandbox/netlink.h"

#define LISTING_ATTEMPTS 10
#define ADDRESS_LENGTH_MAX 16

/* Of an address, what was asked for when it was made; the rest is the kernel's account of it. */
#define ADDRESS_FLAGS \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

/* The kernel takes addresses from a device that changes its namespace: each is kept as the request to add it again. */
struct address {
	struct netlink_request request;
	struct address *next;
};

struct net_device {
	const char *outside;
	const char *inside;
	bool was_up;
	struct address *addresses;
};

/* A namespace, and a socket in it. */
struct place {
	int namespace;
	struct netlink netlink;
};

struct link {
	int index; /* 0: none was found */
	unsigned int flags; /* IFF_* */
};

static int take_link(void *context, const struct nlmsghdr *message)
{
	struct link *link = context;
	struct ifinfomsg header;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(header))) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	*link = (struct link){ .index = header.ifi_index, .flags = header.ifi_flags };
	return 0;
}

static int find(struct netlink *netlink, const char *name, struct link *link)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	struct netlink_request request;

	*link = (struct link){ 0 };
	netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	if (netlink_ask(netlink, &request, take_link, link) < 0)
		return -1;
	if (link->index > 0)
		return 0;
	errno = ENODEV;
	return -1;
}

struct listing {
	struct arena *arena;
	int index;
	struct address **last;
};

static uint32_t address_flags(const struct ifaddrmsg *header, const struct rtattr *flags)
{
	uint32_t value = header->ifa_flags;

	if (flags && RTA_PAYLOAD(flags) == sizeof(value))
		memcpy(&value, RTA_DATA(flags), sizeof(value));
	return value;
}

/* Those of a lease or made by the kernel, and those that are good on this host or link only, stay behind. */
static bool is_kept(const struct ifaddrmsg *header, uint32_t flags)
{
	return (header->ifa_family == AF_INET || header->ifa_family == AF_INET6) && (flags & IFA_F_PERMANENT) &&
	       header->ifa_scope == RT_SCOPE_UNIVERSE;
}

static int take_address(void *context, const struct nlmsghdr *message)
{
	static const unsigned short kept[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY };
	const struct rtattr *attributes[IFA_MAX + 1];
	struct listing *listing = context;
	struct address *address;
	struct ifaddrmsg header;
	uint32_t flags;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    netlink_attributes(message, sizeof(header), attributes, IFA_MAX) < 0) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	flags = address_flags(&header, attributes[IFA_FLAGS]);
	if ((int)header.ifa_index != listing->index || !is_kept(&header, flags))
		return 0;
	flags &= ADDRESS_FLAGS;
	header.ifa_flags = 0;
	address = ARENA_NEW(listing->arena, struct address);
	netlink_begin(&address->request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		const struct rtattr *attribute = attributes[kept[i]];

		if (attribute && RTA_PAYLOAD(attribute) <= ADDRESS_LENGTH_MAX)
			netlink_add(&address->request, kept[i], RTA_DATA(attribute), RTA_PAYLOAD(attribute));
	}
	netlink_add(&address->request, IFA_FLAGS, &flags, sizeof(flags));
	*listing->last = address;
	listing->last = &address->next;
	return 0;
}

static int list_addresses(struct arena *arena, struct netlink *netlink, int index, struct address **addresses)
{
	struct ifaddrmsg header = { .ifa_family = AF_UNSPEC, .ifa_index = (unsigned int)index };
	struct netlink_request request;
	int result = -1;

	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header));
	errno = EINTR;
	for (int i = 0; i < LISTING_ATTEMPTS && result < 0 && errno == EINTR; i++) {
		struct listing listing = { .arena = arena, .index = index, .last = addresses };

		*addresses = NULL;
		result = netlink_ask(netlink, &request, take_address, &listing);
	}
	return result;
}

static int look(struct arena *arena, struct place *host, struct net_device *device, struct error *error)
{
	struct link link;

	if (find(&host->netlink, device->outside, &link) < 0)
		return error_set(error, errno, "link not found for interface %s on runtime namespace",
				 device->outside);
	device->was_up = link.flags & IFF_UP;
	if (list_addresses(arena, &host->netlink, link.index, &device->addresses) < 0)
		return error_set(error, errno, "fail to get ip addresses of interface %s", device->outside);
	return 0;
}

/*
 * Move and new name are one request, so that there is no name in between that could be taken. The kernel brings the
 * device down for it, but only once it has found nothing against the move.
 */
static int transfer(struct place *from, const char *name, struct place *to, const char *new_name,
		    struct error *error)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	uint32_t namespace = (uint32_t)to->namespace;
	struct netlink_request request;
	struct link link;

	if (find(&from->netlink, name, &link) < 0)
		return error_set(error, errno, "link not found for interface %s", name);
	header.ifi_index = link.index;
	netlink_begin(&request, RTM_NEWLINK, 0, &header, sizeof(header));
	netlink_add(&request, IFLA_NET_NS_FD, &namespace, sizeof(namespace));
	netlink_add(&request, IFLA_IFNAME, new_name, strlen(new_name) + 1);
	if (netlink_ask(&from->netlink, &request, NULL, NULL) < 0)
		return error_set(error, errno, "fail to move network device %s to network namespace as %s",
				 name, new_name);
	return 0;
}

/* A device that has just arrived gets its addresses again, and works where @up. */
static int settle(struct place *place, const char *name, struct address *addresses, bool up,
		  struct error *error)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct netlink_request request;
	struct link link;

	/* Its index may be another one here. */
	if (find(&place->netlink, name, &link) < 0)
		return error_set(error, errno, "link not found for interface %s on namespace", name);
	for (struct address *address = addresses; address; address = address->next) {
		struct ifaddrmsg *address_header = NLMSG_DATA(&address->request.header);

		address_header->ifa_index = (unsigned int)link.index;
		if (netlink_ask(&place->netlink, &address->request, NULL, NULL) < 0)
			return error_set(error, errno, "fail to set up address on interface %s", name);
	}
	if (!up)
		return 0;
	header.ifi_index = link.index;
	netlink_begin(&request, RTM_NEWLINK, 0, &header, sizeof(header));
	if (netlink_ask(&place->netlink, &request, NULL, NULL) < 0)
		return error_set(error, errno, "fail to set up interface %s", name);
	return 0;
}

/* A socket belongs to the namespace it was made in: this process goes there for it, and comes back. */
static int open_place(int namespace, int own, struct place *place, struct error *error)
{
	int result = 0;

	*place = (struct place){ .namespace = namespace, .netlink.fd = -1 };
	if (setns(namespace, CLONE_NEWNET) < 0)
		return error_set(error, errno, "enter the container's network namespace");
	if (netlink_open(&place->netlink) < 0)
		result = error_set(error, errno, "open a netlink socket");
	if (setns(own, CLONE_NEWNET) < 0)
		result = error_set(error, errno, "come back from the container's network namespace");
	return result;
}

struct places {
	struct place host;
	struct place container;
};

static void close_places(struct places *places)
{
	netlink_close(&places->host.netlink);
	netlink_close(&places->container.netlink);
	if (places->host.namespace >= 0)
		close(places->host.namespace);
}

static int open_places(const struct net_devices *devices, struct places *places, struct error *error)
{
	*places = (struct places){ .host.netlink.fd = -1, .container.netlink.fd = -1 };
	places->host.namespace = openat(devices->procfs, "self/ns/net", O_RDONLY | O_CLOEXEC);
	if (places->host.namespace < 0)
		return error_set(error, errno, "open the runtime's network namespace");
	if (netlink_open(&places->host.netlink) < 0)
		return error_set(error, errno, "open a netlink socket");
	return open_place(devices->namespace, places->host.namespace, &places->container, error);
}

/* All are looked at before the first one is touched. */
static int look_at_all(struct arena *arena, struct places *places, const struct oci_net_device_list *list,
		       struct net_devices *moved, struct error *error)
{
	moved->items = ARENA_NEW_ARRAY(arena, struct net_device, list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct oci_net_device *wanted = &list->items[i];

		moved->items[i].outside = wanted->key;
		moved->items[i].inside = wanted->name && *wanted->name ? wanted->name : wanted->key;
		if (look(arena, &places->host, &moved->items[i], error) < 0)
			return -1;
	}
	return 0;
}

static int move_all(struct arena *arena, const struct oci_net_device_list *list, struct net_devices *moved,
		    struct error *error)
{
	_cleanup_(close_places) struct places places;

	if (open_places(moved, &places, error) < 0 || look_at_all(arena, &places, list, moved, error) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		struct net_device *device = &moved->items[i];

		if (transfer(&places.host, device->outside, &places.container, device->inside, error) < 0)
			return -1;
		moved->count = i + 1;
		if (settle(&places.container, device->inside, device->addresses, true, error) < 0)
			return -1;
		log_debug("network device %s moved as %s", device->outside, device->inside);
	}
	return 0;
}

int net_devices_move(struct arena *arena, int procfs, int namespace, const struct oci_net_device_list *list,
		     struct net_devices *moved, struct error *error)
{
	*moved = (struct net_devices){ .namespace = namespace, .procfs = procfs };
	if (move_all(arena, list, moved, error) == 0)
		return 0;
	net_devices_return(moved);
	return -1;
}

static void return_all(struct net_devices *moved)
{
	_cleanup_(close_places) struct places places;
	struct error error;

	if (open_places(moved, &places, &error) < 0) {
		log_warn("network devices stay in the container's namespace: %s", error.text);
		return;
	}
	while (moved->count > 0) {
		struct net_device *device = &moved->items[--moved->count];

		if (transfer(&places.container, device->inside, &places.host, device->outside, &error) < 0 ||
		    settle(&places.host, device->outside, device->addresses, device->was_up, &error) < 0)
			log_warn("give network device %s back: %s", device->outside, error.text);
	}
}

void net_devices_return(struct net_devices *moved)
{
	if (moved->count > 0)
		return_all(moved);
}

void net_devices_close(struct net_devices *moved)
{
	if (moved->namespace >= 0)
		close(moved->namespace);
	moved->namespace = -1;
}
