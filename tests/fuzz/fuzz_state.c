/* SPDX-License-Identifier: Apache-2.0 */
/* state.json of a container, as any later command reads it, and the target of `init` from the same bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "state/state.h"

static int directory = -1;

static void remove_directory(void)
{
	char path[64];

	unlinkat(directory, STORE_STATE, 0);
	unlinkat(directory, STORE_INIT, 0);
	snprintf(path, sizeof(path), "/tmp/casemate-fuzz-%d", getpid());
	rmdir(path);
}

static void make_directory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/casemate-fuzz-%d", getpid());
	mkdir(path, 0700);
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_require(directory >= 0);
	atexit(remove_directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct store_entry entry = { .id = "fuzz", .path = "/nonexistent/fuzz" };
	struct container_state description;
	struct saved_state state = { 0 };
	struct error error = { 0 };

	if (directory < 0)
		make_directory();
	entry.fd = directory;
	unlinkat(directory, STORE_INIT, 0);
	fuzz_require(file_write_atomic_at(directory, STORE_STATE, data, size, 0600) == 0);
	if (state_load(&arena, &entry, &state, &error) < 0) {
		fuzz_require_message(&error);
		return 0;
	}
	state_describe(&state, STATUS_STOPPED, &description);
	state.pid = 1;
	fuzz_require(state_save_init(&entry, &state, &error) == 0);
	fuzz_require(state_load(&arena, &entry, &state, &error) == 0 && state.pid == 1);
	unlinkat(directory, STORE_INIT, 0);
	if (symlinkat(fuzz_text(&arena, data, size), directory, STORE_INIT) == 0 &&
	    state_load(&arena, &entry, &state, &error) < 0)
		fuzz_require_message(&error);
	return 0;
}
