// SPDX-License-Identifier: Apache-2.0
/*
 * A device's DMA to and from this program's memory: private, shared, of a memfd, of a child, and under a replace.
 * Exits with 7 when all went as on Linux.
 */
#include "requests.h"

#define IOMMU_IOAS_UNMAP 0x3b86
#define IOMMU_IOAS_MAP_FILE 0x3b8f
#define VFIO_DEVICE_BIND_IOMMUFD 0x3b76
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT 0x3b77
#define FUNCTION "/sys/bus/pci/devices/0000:02:01.0"
#define CONFIG_SPACE (7UL << 40)
#define BUFFER 0x40000UL
#define BYTES 1024UL

struct map_file {
	uint32_t size, flags, id;
	int32_t fd;
	uint64_t start, length, iova;
};

struct unmap {
	uint32_t size, id;
	uint64_t iova, length;
};

struct bind {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t id;
};

struct attach {
	uint32_t argsz, flags, id;
};

static int iommufd, device;

static void say(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	expect(fd >= 0);
	expect(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static int map_at(uint32_t id, void *memory, uint64_t length, uint64_t iova)
{
	struct map request = {.size = sizeof(request), .flags = 7, .id = id, .address = (uintptr_t)memory,
			      .length = length, .iova = iova};

	return ioctl(iommufd, IOMMU_IOAS_MAP, &request);
}

static int unmap(uint32_t id, uint64_t length, uint64_t iova)
{
	struct unmap request = {.size = sizeof(request), .id = id, .iova = iova, .length = length};

	return ioctl(iommufd, IOMMU_IOAS_UNMAP, &request);
}

static int attach(uint32_t id)
{
	struct attach request = {.argsz = sizeof(request), .id = id};

	return ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &request);
}

static void put(uint64_t at, uint64_t value)
{
	expect(pwrite(device, &value, sizeof(value), at) == sizeof(value));
}

static void transfer(uint64_t from, uint64_t to, uint64_t command)
{
	uint64_t running;

	put(0x80, from);
	put(0x88, to);
	put(0x90, BYTES);
	put(0x98, command);
	do
		expect(pread(device, &running, sizeof(running), 0x98) == sizeof(running));
	while (running & 1);
}

/* The device reads at an IOVA, and writes what it read to another. */
static void copy(uint64_t from, uint64_t to)
{
	transfer(from, BUFFER, 1);
	transfer(BUFFER, to, 3);
}

static int all(const char *memory, char byte)
{
	for (unsigned int i = 0; i < BYTES; i++)
		if (memory[i] != byte)
			return 0;
	return 1;
}

static char *pages(int flags)
{
	char *memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	expect(memory != MAP_FAILED);
	return memory;
}

static void child_sees(const char *memory, char byte)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(all(memory, byte) ? 0 : 1);
	expect(waitpid(child, &status, 0) == child && status == 0);
}

/* With an argument it leaves out what changes the protection of memory, which recordings do not have. */
int main(int argc, char **argv)
{
	struct bind bind = {.argsz = sizeof(bind)};
	char *private = pages(MAP_PRIVATE), *shared = pages(MAP_SHARED), *other = pages(MAP_PRIVATE);
	int memfd = memfd_create("pages", 0), status;
	struct map_file file = {.size = sizeof(file), .flags = 7, .fd = memfd, .length = PAGE, .iova = 0x300000};
	uint32_t ioas, second;
	uint16_t command = 6;
	char seen[BYTES];
	pid_t child;

	say(FUNCTION "/driver_override", "vfio-pci");
	say("/sys/bus/pci/drivers_probe", "0000:02:01.0");
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	device = open("/dev/vfio/devices/vfio0", O_RDWR | O_CLOEXEC);
	(void)argv;
	expect(iommufd >= 0 && device >= 0);
	bind.iommufd = iommufd;
	expect(ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind) == 0);
	expect(pwrite(device, &command, sizeof(command), CONFIG_SPACE + 4) == sizeof(command));
	expect(ioas_alloc(iommufd, &ioas) == 0 && ioas_alloc(iommufd, &second) == 0);

	/* Private memory; a child that has its own copy from then on is not written to. */
	memset(private, 'a', PAGE);
	expect(map_at(ioas, private, 4 * PAGE, 0x100000) == 0);
	expect(attach(ioas) == 0);
	copy(0x100000, 0x101000);
	expect(all(private + PAGE, 'a'));
	child_sees(private + PAGE, 'a');

	/* Shared memory is the same pages for all who have it. */
	expect(map_at(ioas, shared, 4 * PAGE, 0x200000) == 0);
	copy(0x100000, 0x200000);
	child_sees(shared, 'a');
	copy(0x200000, 0x203000);
	expect(all(shared + 3 * PAGE, 'a'));

	/* A file's pages, which nobody has mapped. */
	expect(ftruncate(memfd, PAGE) == 0);
	file.id = ioas;
	expect(ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &file) == 0);
	copy(0x100000, 0x300000);
	expect(pread(memfd, seen, BYTES, 0) == BYTES && all(seen, 'a'));

	/* What a child maps is the child's memory. */
	child = fork();
	if (child == 0) {
		char *its = pages(MAP_PRIVATE);

		memset(its, 'c', PAGE);
		expect(map_at(ioas, its, PAGE, 0x400000) == 0);
		copy(0x400000, 0x200000);
		expect(all(shared, 'c'));
		expect(unmap(ioas, PAGE, 0x400000) == 0);
		_exit(0);
	}
	expect(waitpid(child, &status, 0) == child && status == 0);
	expect(all(shared, 'c'));

	/* The same IOVA, other pages: the device reads those of the IOAS that replaced the other. */
	memset(other, 'b', PAGE);
	expect(map_at(second, other, 4 * PAGE, 0x100000) == 0);
	expect(attach(second) == 0);
	copy(0x100000, 0x102000);
	expect(all(other + 2 * PAGE, 'b'));
	expect(all(private + PAGE, 'a'));

	expect(unmap(ioas, 4 * PAGE, 0x200000) == 0);
	/* Pages are pinned where a device's translation needs them. */
	expect(map_at(ioas, (void *)PAGE, PAGE, 0x500000) == 0);
	expect(map_at(second, (void *)PAGE, PAGE, 0x500000) == -1 && errno == EFAULT);
	if (argc > 1)
		return 7;
	expect(mprotect(shared, PAGE, PROT_READ) == 0);
	expect(map_at(second, shared, PAGE, 0x500000) == -1 && errno == EFAULT);
	return 7;
}
