// SPDX-License-Identifier: Apache-2.0
/* One open file under many descriptors, in two processes, as dup, SCM_RIGHTS and fork give them. Exits with 7. */
#include "requests.h"

static void pass(int socket, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec one = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &one, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	expect(sendmsg(socket, &message, 0) == 1);
}

static int receive(int socket)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec one = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &one, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	int fd;

	expect(recvmsg(socket, &message, 0) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

int main(void)
{
	uint32_t id;
	int pair[2], status;
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	int low = dup(fd);
	pid_t child;

	expect(fd >= 0 && low >= 0 && low < fd);
	expect(ioas_alloc(low, &id) == 0);
	expect(close(fd) == 0);
	expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	child = fork();
	expect(child >= 0);
	if (child == 0) {
		int got;

		close(low);
		got = receive(pair[1]);
		expect(destroy(got, id) == 0);
		expect(ioas_alloc(got, &id) == 0);
		_exit(0);
	}
	pass(pair[0], low);
	expect(waitpid(child, &status, 0) == child && status == 0);
	/* What the child made is in the same context, which lives on. */
	expect(destroy(low, id) == 0);
	expect(dup2(low, fd) == fd && close(low) == 0);
	expect(destroy(fd, id) == -1 && errno == ENOENT);
	return 7;
}
