/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime and the process it makes say to each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sandbox/channel.h"

/* A child that fails may not have read all that was said to it; its reason is heard all the same. */
static void hears_the_last_words(void **state)
{
	struct error reason = { 0 };
	struct message message;
	struct error error;
	int ends[2];

	(void)state;
	assert_int_equal(channel_make(ends, &error), 0);
	assert_int_equal(channel_send(ends[0], MESSAGE_CONTINUE, 0, -1, &error), 0);
	error_set(&reason, 0, "the reason");
	channel_send_error(ends[1], &reason);
	close(ends[1]);
	assert_int_equal(channel_receive(ends[0], &message, NULL, &error), 1);
	assert_int_equal(message.type, MESSAGE_ERROR);
	assert_string_equal(message.error.text, "the reason");
	assert_int_equal(channel_receive(ends[0], &message, NULL, &error), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hears_the_last_words),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
