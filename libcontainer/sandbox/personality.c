/* SPDX-License-Identifier: Apache-2.0 */
/* The execution domain. */
#include <errno.h>
#include <sys/personality.h>

#include "base/log.h"
#include "sandbox/identity.h"

int identity_personality(const struct oci_personality *wanted, struct error *error)
{
	if (!wanted)
		return 0;
	if (wanted->domain == OCI_PERSONALITY_UNSET)
		return error_set(error, 0, "personality domain is required");
	/* The specification has the member, but no value for it yet. */
	if (wanted->flags.count)
		log_warn("ignoring unsupported personality flags");
	if (personality(wanted->domain == OCI_PERSONALITY_LINUX32 ? PER_LINUX32 : PER_LINUX) < 0)
		return error_set(error, errno, "set personality");
	return 0;
}
