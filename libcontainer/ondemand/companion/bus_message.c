/* SPDX-License-Identifier: Apache-2.0 */
#include "ondemand/companion/bus_library.h"

#if HAVE_SYSTEMD

#include <errno.h>
#include <string.h>

#include "ondemand/companion/bus_message.h"

#define BYTES_MAX 1024

static bool is_integer(const struct json_value *value, uint64_t most, bool may_be_negative)
{
	return value && value->type == JSON_INTEGER && value->integer.magnitude <= most &&
	       (may_be_negative || !value->integer.negative);
}

static int append_number(const struct bus_library *library, sd_bus_message *message, char type,
			 const struct json_value *value)
{
	uint32_t small;
	int32_t number;

	if (!is_integer(value, type == 't' ? UINT64_MAX : type == 'u' ? UINT32_MAX : INT32_MAX, type == 'i'))
		return -EINVAL;
	if (type == 't')
		return library->sd_bus_message_append_basic(message, 't', &value->integer.magnitude);
	small = (uint32_t)value->integer.magnitude;
	number = value->integer.negative ? -(int32_t)small : (int32_t)small;
	return library->sd_bus_message_append_basic(message, type,
						    type == 'u' ? (const void *)&small : &number);
}

static int append_basic(const struct bus_library *library, sd_bus_message *message, char type,
			const struct json_value *value)
{
	int truth;

	if (!value)
		return -EINVAL;
	switch (type) {
	case 's':
		return value->type == JSON_STRING
			       ? library->sd_bus_message_append_basic(message, 's', value->string)
			       : -EINVAL;
	case 'b':
		truth = value->type == JSON_BOOL && value->boolean;
		return value->type == JSON_BOOL ? library->sd_bus_message_append_basic(message, 'b', &truth)
						: -EINVAL;
	case 't':
	case 'u':
	case 'i': return append_number(library, message, type, value);
	default: return -EINVAL;
	}
}

static int append_bytes(const struct bus_library *library, sd_bus_message *message,
			const struct json_value *list)
{
	uint8_t bytes[BYTES_MAX];

	if (list->array.count > BYTES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < list->array.count; i++) {
		if (!is_integer(&list->array.items[i], UINT8_MAX, false))
			return -EINVAL;
		bytes[i] = (uint8_t)list->array.items[i].integer.magnitude;
	}
	return library->sd_bus_message_append_array(message, 'y', bytes, list->array.count);
}

static int append_pair(const struct bus_library *library, sd_bus_message *message,
		       const struct json_value *pair)
{
	int result;

	if (pair->type != JSON_ARRAY || pair->array.count != 2)
		return -EINVAL;
	result = library->sd_bus_message_open_container(message, SD_BUS_TYPE_STRUCT, "ss");
	for (size_t i = 0; i < 2 && result >= 0; i++)
		result = append_basic(library, message, 's', &pair->array.items[i]);
	return result < 0 ? result : library->sd_bus_message_close_container(message);
}

static int append_property(const struct bus_library *library, sd_bus_message *message, uint32_t version,
			   const struct json_value *property)
{
	const struct json_value *since = json_get(property, "since");
	const struct json_value *name = json_get(property, "name");
	const struct json_value *type = json_get(property, "type");
	int result;

	if (!name || name->type != JSON_STRING || !type || type->type != JSON_STRING)
		return -EINVAL;
	if (since && is_integer(since, UINT32_MAX, false) && since->integer.magnitude > version)
		return 0;
	result = library->sd_bus_message_open_container(message, SD_BUS_TYPE_STRUCT, "sv");
	if (result >= 0)
		result = append_basic(library, message, 's', name);
	if (result >= 0)
		result = library->sd_bus_message_open_container(message, SD_BUS_TYPE_VARIANT, type->string);
	if (result >= 0)
		result = bus_append(library, message, version, type->string, json_get(property, "value"));
	if (result >= 0)
		result = library->sd_bus_message_close_container(message);
	return result < 0 ? result : library->sd_bus_message_close_container(message);
}

static int append_list(const struct bus_library *library, sd_bus_message *message, uint32_t version,
		       const char *item, const struct json_value *list)
{
	int result = library->sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, item);

	for (size_t i = 0; list && i < list->array.count && result >= 0; i++) {
		const struct json_value *value = &list->array.items[i];

		if (strcmp(item, "(ss)") == 0)
			result = append_pair(library, message, value);
		else if (strcmp(item, "(sv)") == 0)
			result = append_property(library, message, version, value);
		else
			result = item[1] ? -EINVAL : append_basic(library, message, item[0], value);
	}
	return result < 0 ? result : library->sd_bus_message_close_container(message);
}

int bus_append(const struct bus_library *library, sd_bus_message *message, uint32_t version, const char *type,
	       const struct json_value *value)
{
	if (strcmp(type, "a(sa(sv))") == 0)
		return append_list(library, message, version, "(sa(sv))", NULL);
	if (type[0] != 'a')
		return type[1] ? -EINVAL : append_basic(library, message, type[0], value);
	if (!value || value->type != JSON_ARRAY)
		return -EINVAL;
	if (strcmp(type, "ay") == 0)
		return append_bytes(library, message, value);
	return append_list(library, message, version, type + 1, value);
}

#endif
