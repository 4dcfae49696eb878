// SPDX-License-Identifier: Apache-2.0
/*
 * Holds a VFIO device in one of the ways that programs do, until it is killed: what the safety tests start beside the
 * tool. It says "holding" once it does.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

enum { PATH_SIZE = 300 };

static const char *bdf;
static char cdev[PATH_SIZE];
static char group[PATH_SIZE];

static int must(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "holder: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return result;
}

/* The paths of the device's cdev and group, as sysfs names them. */
static void find_nodes(void)
{
	char path[PATH_SIZE], target[PATH_SIZE] = "";
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			snprintf(cdev, sizeof(cdev), "/dev/vfio/devices/%.200s", entry->d_name);
	if (directory)
		closedir(directory);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	must(readlink(path, target, sizeof(target) - 1), path);
	snprintf(group, sizeof(group), "/dev/vfio/%.200s", strrchr(target, '/') + 1);
}

static int open_node(const char *path)
{
	return must(open(path, O_RDWR | O_CLOEXEC), path);
}

static int bound(const char *path)
{
	struct vfio_device_bind_iommufd request = { .argsz = sizeof(request), .iommufd = open_node("/dev/iommu") };
	int device = open_node(path);

	must(ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &request), "VFIO_DEVICE_BIND_IOMMUFD");
	return device;
}

/* The device by its group; with leave_group the device's descriptor is the only one left. */
static int by_group(const char *path, int leave_group)
{
	int container = open_node("/dev/vfio/vfio"), fd = open_node(path), device;

	must(ioctl(fd, VFIO_GROUP_SET_CONTAINER, &container), "VFIO_GROUP_SET_CONTAINER");
	/* Where the lab's IOMMU does not isolate interrupts, type 1 is to take the device all the same. */
	int unsafe = open("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", O_WRONLY);
	if (unsafe >= 0) {
		must(write(unsafe, "Y", 1), "allow_unsafe_interrupts");
		close(unsafe);
	}
	must(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "VFIO_SET_IOMMU");
	device = must(ioctl(fd, VFIO_GROUP_GET_DEVICE_FD, bdf), "VFIO_GROUP_GET_DEVICE_FD");
	if (leave_group) {
		close(fd);
		close(container);
	}
	return device;
}

/* Maps BAR 0 and closes the descriptor. */
static void map_and_close(int device)
{
	struct vfio_region_info bar = { .argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX };

	must(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar), "VFIO_DEVICE_GET_REGION_INFO");
	if (mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, bar.offset) == MAP_FAILED)
		must(-1, "mmap of BAR 0");
	close(device);
}

/* Another node of the same device number, as a container has. */
static const char *node_like(const char *path)
{
	static char node[PATH_SIZE];
	struct stat original;

	snprintf(node, sizeof(node), "/dev/holder-%d", (int)getpid());
	must(stat(path, &original), path);
	must(mknod(node, S_IFCHR | 0600, original.st_rdev), node);
	return node;
}

/* Leaves the descriptor in a socket, where nobody has it yet. */
static void send_and_close(int device)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = { .bytes = { 0 } };
	struct iovec byte = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1 };
	struct cmsghdr *header;
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	message.msg_control = control.bytes;
	message.msg_controllen = sizeof(control.bytes);
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &device, sizeof(int));
	must((int)sendmsg(pair[0], &message, 0), "sendmsg");
	close(device);
}

int main(int count, char **words)
{
	const char *way = count == 3 ? words[1] : "";

	bdf = count == 3 ? words[2] : "";
	if (!*way) {
		fputs("usage: holder open|bound|group|group-open|group-device|mapped|group-mapped|foreign|foreign-group|"
		      "passed|passed-open BDF\n", stderr);
		return 2;
	}
	find_nodes();
	if (!strcmp(way, "open"))
		open_node(cdev);
	else if (!strcmp(way, "bound"))
		bound(cdev);
	else if (!strcmp(way, "group"))
		by_group(group, 0);
	else if (!strcmp(way, "group-open"))
		open_node(group);
	else if (!strcmp(way, "group-device"))
		by_group(group, 1);
	else if (!strcmp(way, "mapped"))
		map_and_close(bound(cdev));
	else if (!strcmp(way, "group-mapped"))
		map_and_close(by_group(group, 1));
	else if (!strcmp(way, "foreign"))
		bound(node_like(cdev));
	else if (!strcmp(way, "foreign-group"))
		by_group(node_like(group), 0);
	else if (!strcmp(way, "passed"))
		send_and_close(bound(cdev));
	else if (!strcmp(way, "passed-open"))
		send_and_close(open_node(cdev));
	else
		return 2;
	puts("holding");
	fflush(stdout);
	for (;;)
		pause();
}
