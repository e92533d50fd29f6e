/* SPDX-License-Identifier: Apache-2.0 */
/* notify TEXT: what sd_notify() does: one datagram to $NOTIFY_SOCKET. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (argc != 2 || !path || strlen(path) >= sizeof(address.sun_path) || fd < 0)
		return 2;
	strcpy(address.sun_path, path);
	if (sendto(fd, argv[1], strlen(argv[1]), 0, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("notify");
		return 1;
	}
	return 0;
}
