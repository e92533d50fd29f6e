/* SPDX-License-Identifier: Apache-2.0 */
/* The connection: where the manager listens, calls with a time limit, jobs. */
#include "ondemand/companion/bus.h"

#include "ondemand/companion/bus_library.h"

#if HAVE_SYSTEMD

#include <errno.h>
#include <string.h>

#include "base/time.h"
#include "ondemand/companion/bus_message.h"
#include "ondemand/companion/mode.h"

static const struct bus_library *open_library(struct arena *arena, struct error *error)
{
	struct bus_library *library = ARENA_NEW(arena, struct bus_library);
	void *opened = library_open("libsystemd.so.0", "the cgroup manager systemd", error);

	if (!opened)
		return NULL;
#define BUS_FIND(function)                                              \
	library->function = library_function(opened, #function, error); \
	if (!library->function)                                         \
		return NULL;
	BUS_FUNCTIONS(BUS_FIND)
	return library;
}

static uint64_t time_left(const struct bus *bus)
{
	int64_t left = bus->deadline - monotonic_us();

	return left > 0 ? (uint64_t)left : 1;
}

/* "252.39-1~deb12u2", "v245.4-1.fc32": the first number. */
static uint32_t version_of(const char *text)
{
	text += strcspn(text, "0123456789");
	return (uint32_t)strtoul(text, NULL, 10);
}

/* That somebody listens shows in the first answer. 0, or a negative errno. */
static int try_address(struct bus *bus, const char *address, bool through_bus)
{
	const struct bus_library *library = bus->library;
	sd_bus *connection = NULL;
	char *version = NULL;
	int result = library->sd_bus_new(&connection);

	if (result >= 0)
		result = library->sd_bus_set_address(connection, address);
	if (result >= 0 && through_bus)
		result = library->sd_bus_set_bus_client(connection, 1);
	if (result >= 0)
		result = library->sd_bus_start(connection);
	if (result >= 0)
		result = library->sd_bus_get_property_string(connection, SYSTEMD_NAME, SYSTEMD_PATH,
							     SYSTEMD_MANAGER, "Version", NULL, &version);
	if (result < 0) {
		library->sd_bus_unref(connection);
		return result;
	}
	bus->version = version_of(version);
	free(version);
	bus->connection = connection;
	return 0;
}

/* The manager itself first: that needs no message bus, and saves the way through it. */
static int connect_system(struct bus *bus, struct error *error)
{
	int result = try_address(bus, "unix:path=/run/systemd/private", false);

	if (result < 0 && try_address(bus, "unix:path=/run/dbus/system_bus_socket", true) < 0)
		return error_set(
			error, -result,
			"cannot talk to systemd, neither at /run/systemd/private nor over the system bus");
	return 0;
}

static int connect_user(struct arena *arena, struct bus *bus, uint32_t owner, struct error *error)
{
	const char *session = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int result = -ENOENT;

	if (session && *session)
		result = try_address(bus, session, true);
	if (!runtime || *runtime != '/')
		runtime = arena_printf(arena, "/run/user/%u", owner);
	if (result < 0)
		result = try_address(bus, arena_printf(arena, "unix:path=%s/bus", runtime), true);
	if (result < 0 &&
	    try_address(bus, arena_printf(arena, "unix:path=%s/systemd/private", runtime), false) == 0)
		result = 0;
	if (result < 0)
		return error_set(
			error, -result,
			"cannot talk to the user's systemd, neither over its bus "
			"(DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR) nor at %s/systemd/private: is user "
			"%u logged in, or allowed to linger (loginctl enable-linger)?",
			runtime, owner);
	return 0;
}

int bus_open(struct arena *arena, bool user, uint32_t owner, int64_t deadline, struct bus *bus,
	     struct error *error)
{
	*bus = (struct bus){ .library = open_library(arena, error), .deadline = deadline };
	if (!bus->library)
		return -1;
	return user ? connect_user(arena, bus, owner, error) : connect_system(bus, error);
}

static enum bus_outcome outcome_of(const sd_bus_error *failure)
{
	if (!failure->name)
		return BUS_FAILED;
	if (strcmp(failure->name, "org.freedesktop.systemd1.NoSuchUnit") == 0)
		return BUS_NO_SUCH_UNIT;
	if (strcmp(failure->name, "org.freedesktop.systemd1.UnitExists") == 0)
		return BUS_UNIT_EXISTS;
	return BUS_FAILED;
}

static enum bus_outcome call(struct arena *arena, struct bus *bus, sd_bus_message *message, const char *member,
			     const char **path, struct error *error)
{
	const struct bus_library *library = bus->library;
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	enum bus_outcome outcome = BUS_DONE;
	sd_bus_message *reply = NULL;
	const char *text = NULL;
	int result;

	result = library->sd_bus_call(bus->connection, message, time_left(bus), &failure, &reply);
	if (result < 0) {
		outcome = outcome_of(&failure);
		error_set(error, failure.message ? 0 : -result, "systemd: %s: %s", member,
			  failure.message ? failure.message : "no answer");
	} else if (path && library->sd_bus_message_read(reply, "o", &text) > 0) {
		*path = arena_strdup(arena, text);
	}
	library->sd_bus_error_free(&failure);
	library->sd_bus_message_unref(reply);
	return outcome;
}

enum bus_outcome bus_call(struct arena *arena, struct bus *bus, const char *member,
			  const struct bus_argument *arguments, size_t count, const char **path,
			  struct error *error)
{
	const struct bus_library *library = bus->library;
	enum bus_outcome outcome = BUS_FAILED;
	sd_bus_message *message = NULL;
	int result;

	result = library->sd_bus_message_new_method_call(bus->connection, &message, SYSTEMD_NAME, SYSTEMD_PATH,
							 SYSTEMD_MANAGER, member);
	for (size_t i = 0; i < count && result >= 0; i++)
		result = bus_append(library, message, bus->version, arguments[i].type, arguments[i].value);
	if (result < 0)
		error_set(error, -result, "make the message %s for systemd", member);
	else
		outcome = call(arena, bus, message, member, path, error);
	library->sd_bus_message_unref(message);
	return outcome;
}

static int job_removed(sd_bus_message *message, void *data, sd_bus_error *failure _unused_)
{
	struct bus *bus = data;
	const char *result;
	const char *unit;
	const char *job;
	uint32_t id;

	if (bus->library->sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) >= 0) {
		snprintf(bus->ended_job, sizeof(bus->ended_job), "%s", job);
		snprintf(bus->ended_result, sizeof(bus->ended_result), "%s", result);
	}
	return 0;
}

int bus_watch_jobs(struct bus *bus, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct error ignored;
	int result = bus->library->sd_bus_match_signal(bus->connection, NULL, SYSTEMD_NAME, SYSTEMD_PATH,
						       SYSTEMD_MANAGER, "JobRemoved", job_removed, bus);

	if (result < 0)
		return error_set(error, -result, "listen for the jobs of systemd");
	/* Without a subscriber nothing is sent over a message bus. A second subscription is refused: all the same. */
	bus_call(&arena, bus, "Subscribe", NULL, 0, NULL, &ignored);
	return 0;
}

int bus_wait_job(struct bus *bus, const char *job, const char **result, struct error *error)
{
	const struct bus_library *library = bus->library;

	for (;;) {
		int processed = library->sd_bus_process(bus->connection, NULL);

		if (processed < 0)
			return error_set(error, -processed, "wait for systemd");
		/* Others' jobs end, too. */
		if (strcmp(bus->ended_job, job) == 0) {
			*result = bus->ended_result;
			return 0;
		}
		if (processed > 0)
			continue;
		if (monotonic_us() >= bus->deadline)
			return error_set(error, ETIMEDOUT, "wait for systemd to end %s", job);
		processed = library->sd_bus_wait(bus->connection, time_left(bus));
		if (processed < 0 && processed != -EINTR)
			return error_set(error, -processed, "wait for systemd");
	}
}

const char *bus_unit_string(struct arena *arena, struct bus *bus, const char *unit, const char *interface,
			    const char *property)
{
	const struct bus_library *library = bus->library;
	const char *copy = NULL;
	char *path = NULL;
	char *text = NULL;

	if (library->sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &path) >= 0 &&
	    library->sd_bus_get_property_string(bus->connection, SYSTEMD_NAME, path, interface, property, NULL,
						&text) >= 0)
		copy = arena_strdup(arena, text);
	free(path);
	free(text);
	return copy;
}

#endif
