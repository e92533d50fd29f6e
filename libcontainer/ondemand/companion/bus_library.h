/* SPDX-License-Identifier: Apache-2.0 */
/* What is used of libsystemd, as a table of functions that dlopen(3) fills. */
#pragma once

#if __has_include(<systemd/sd-bus.h>)
#define HAVE_SYSTEMD 1
#include <systemd/sd-bus.h>

/* clang-format off */
#define BUS_FUNCTIONS(F)               \
	F(sd_bus_new)                  \
	F(sd_bus_set_address)          \
	F(sd_bus_set_bus_client)       \
	F(sd_bus_start)                \
	F(sd_bus_unref)                \
	F(sd_bus_call)                 \
	F(sd_bus_process)              \
	F(sd_bus_wait)                 \
	F(sd_bus_match_signal)         \
	F(sd_bus_message_new_method_call) \
	F(sd_bus_message_append_basic) \
	F(sd_bus_message_append_array) \
	F(sd_bus_message_open_container) \
	F(sd_bus_message_close_container) \
	F(sd_bus_message_read)         \
	F(sd_bus_message_unref)        \
	F(sd_bus_error_free)           \
	F(sd_bus_get_property_string)  \
	F(sd_bus_path_encode)
/* clang-format on */

#define BUS_MEMBER(function) __typeof__(function) *function;
struct bus_library {
	BUS_FUNCTIONS(BUS_MEMBER)
};
#else
#define HAVE_SYSTEMD 0
#endif
