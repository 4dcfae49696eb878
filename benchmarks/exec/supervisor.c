// SPDX-License-Identifier: Apache-2.0
/*
 * The least that a supervisor in C does for each request: it receives the notification, copies the
 * request's block from the program and back, and answers 0. With --paths it is told of stat(2) and
 * of opened files in place of requests, and lets the host's kernel do them without a look.
 * supervisor [--paths] PROGRAM ARGUMENT...
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of IOMMU_OPTION. */
#define BLOCK 24

/* Puts a filter on this process: the descriptor of its listener. */
static int listen_by(struct sock_filter *code, unsigned short length)
{
	struct sock_fprog program = {length, code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static int listen_to_paths(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_newfstatat, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};

	return listen_by(code, sizeof(code) / sizeof(code[0]));
}

static int listen_to_requests(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ';' << 8, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return listen_by(code, sizeof(code) / sizeof(code[0]));
}

/* The listener is the child's; it is sent over a socket. */
static void send_descriptor(int socket, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec one = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &one, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) < 0)
		_exit(3);
}

static int receive_descriptor(int socket)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec one = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &one, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	int fd;

	if (recvmsg(socket, &message, 0) <= 0)
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

int main(int count, char **arguments)
{
	int pair[2], listener, status, paths = count > 1 && strcmp(arguments[1], "--paths") == 0;
	pid_t child;

	count -= paths;
	arguments += paths;

	if (count < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return 2;
	child = fork();
	if (child == 0) {
		listener = paths ? listen_to_paths() : listen_to_requests();
		if (listener < 0)
			_exit(3);
		send_descriptor(pair[1], listener);
		execvp(arguments[1], arguments + 1);
		_exit(127);
	}
	close(pair[1]);
	listener = receive_descriptor(pair[0]);
	if (listener < 0)
		return 3;
#ifdef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
#else
	ioctl(listener, 0x40082104, 1UL);
#endif
	for (;;) {
		struct seccomp_notif call = {0};
		struct seccomp_notif_resp answer = {0};
		char block[BLOCK];
		struct iovec here = {block, BLOCK}, there = {0, BLOCK};

		if (waitpid(child, &status, WNOHANG) == child)
			break;
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)) {
			if (waitpid(child, &status, WNOHANG) == child)
				break;
			continue;
		}
		there.iov_base = (void *)(uintptr_t)call.data.args[2];
		answer.id = call.id;
		if (paths)
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else if (process_vm_readv(call.pid, &here, 1, &there, 1, 0) != BLOCK
		    || process_vm_writev(call.pid, &here, 1, &there, 1, 0) != BLOCK)
			answer.error = -EFAULT;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
