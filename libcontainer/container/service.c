/* SPDX-License-Identifier: Apache-2.0 */
#include "container/service.h"

#include <errno.h>

#include "base/fd.h"

static int run_hooks(void *context, struct error *error)
{
	const struct service *service = context;

	if (!service->hooks)
		return error_set(error, EPROTO, "hooks asked for by an exec");
	return service->hooks(service->owner, error);
}

static int take_console(void *context, int master, int number, struct error *error)
{
	const struct service *service = context;

	return handover_console(service->handover, master, number, error);
}

static int take_listener(void *context, int listener, struct error *error)
{
	const struct service *service = context;
	_cleanup_fd_ int fd = listener;

	return handover_listener(service->arena, service->config->linux_->seccomp, service->state,
				 service->sandbox->pid, fd, error);
}

static int carry_out_egress(void *context, int network, enum egress_request request, struct error *error)
{
	const struct service *service = context;

	return egress_carry_out(service->arena, &service->hardening->egress, network, request, error);
}

static struct sandbox_requests requests_of(const struct service *service)
{
	return (struct sandbox_requests){
		.hooks = run_hooks,
		.console = take_console,
		.listener = take_listener,
		.egress = carry_out_egress,
		.context = (void *)service,
	};
}

int service_serve(const struct service *service, struct error *error)
{
	const struct sandbox_requests requests = requests_of(service);

	return sandbox_serve(service->sandbox, &requests, error);
}

int service_start(const struct service *service, struct error *error)
{
	const struct sandbox_requests requests = requests_of(service);

	return sandbox_start(service->sandbox->channel, &requests, error);
}
