// SPDX-License-Identifier: Apache-2.0
/*
 * Runs programs of requests on the kernel it finds and writes down what came back. Programs come in a
 * file that conformance's differential runner encoded (ProgramBytes), answers go to standard output as
 * it decodes them (AnswerBytes); its Session runs the same programs on a simulated kernel and is this
 * file's twin: memory, slots and what counts as changed are the same in both. Numbers in either file
 * are big-endian.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than a program maps: those of the one before may still be on their way back. */
#define HUGE_PAGES "48"

enum {
	PAGE = 4096,
	DATA = 64 * PAGE,
	READ_ONLY = 8 * PAGE,
	BLOCK = 2 * PAGE,
	GAP = 256 * PAGE,
	/* Of the data, this and no more: the kernel keeps it when it chooses an IOVA. */
	ALIGNMENT = 2 << 20,
	BLOCK_BYTES = 256,
	WATCHED = 512,
	MOST_WATCHES = 32,
	MOST_DEVICES = 8,
	BUFFER = 4096,
	SLOTS = 4096,
	FIRST_MAPPED = 4,
	/* For one program: emulated, on a busy machine. */
	PATIENCE_SECONDS = 60
};

enum step {
	END,
	IOMMUFD,
	DEVICE,
	MEMFD,
	EVENTFD,
	DUP,
	CLOSE,
	IOCTL,
	PLAIN,
	STORE,
	READ,
	WRITE,
	READ_AT,
	WRITE_AT,
	POLL,
	MAP,
	UNMAP,
	GROUP,
	CONTAINER,
	DMA,
	INTERRUPT,
	MEMLOCK,
	REBIND,
	UNBIND,
	BIND
};

/* In place of an offset: where a request that succeeded leaves a descriptor. */
enum { RESULT = -1, LOWEST = -2 };

/* Of the edu function. */
enum {
	INTERRUPT_RAISE = 0x60,
	INTERRUPT_ACKNOWLEDGE = 0x64,
	DMA_SOURCE = 0x80,
	DMA_DESTINATION = 0x88,
	DMA_COUNT = 0x90,
	DMA_COMMAND = 0x98,
	DMA_RUN = 1,
	DMA_TO_MEMORY = 2,
	DMA_BUFFER = 0x40000,
	DMA_PATIENCE_MILLISECONDS = 20000
};

enum kind { LITERAL, OBJECT, FILE_SLOT, ADDRESS };

struct value {
	int kind, slot;
	int64_t number;
};

struct mapping {
	uint8_t *address;
	uint64_t bytes;
};

static uint8_t *data, *block;
static uint64_t buffer[BUFFER / 8];
static int files[SLOTS];
static int64_t objects[SLOTS];
static struct mapping mappings[SLOTS];

static uint8_t *program, *program_end;
static size_t programs_done, steps_done;

static uint8_t changes[1 << 17];
static size_t changed;

static uint8_t *answers;
static size_t answered, answers_room;

static void die(const char *what)
{
	fprintf(stderr, "programs: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void hung(int signal)
{
	(void)signal;
	fprintf(stderr, "programs: program %zu hangs in step %zu\n", programs_done, steps_done);
	_exit(3);
}

static uint64_t take(int bytes)
{
	uint64_t number = 0;

	if (program + bytes > program_end)
		die("the file ends within a program");
	while (bytes--)
		number = number << 8 | *program++;
	return number;
}

static int take_slot(void)
{
	int slot = (int16_t)take(2);

	return slot < SLOTS ? slot : (die("too many slots"), 0);
}

static struct value take_value(void)
{
	struct value value;

	value.kind = take(1);
	value.slot = take_slot();
	value.number = take(8);
	return value;
}

static void give(uint64_t number, int bytes)
{
	if (answered + 8 > answers_room) {
		answers_room = answers_room * 2 + 4096;
		answers = realloc(answers, answers_room);
		if (!answers)
			die("no memory");
	}
	while (bytes--)
		answers[answered++] = number >> 8 * bytes;
}

static void answer(int64_t value)
{
	size_t i;

	if (value > -120 && value < 120) {
		give(value, 1);
	} else {
		give(127, 1);
		give(value, 8);
	}
	give(changed, 2);
	for (i = 0; i < changed; i++)
		give(changes[i], 1);
	changed = 0;
}

static int64_t called(int64_t value)
{
	return value < 0 ? -errno : value;
}

static int fd_of(int slot)
{
	return slot < 0 ? -1 : files[slot];
}

static uint8_t *address_of(int region)
{
	switch (region) {
	case 0:
		return data;
	case 1:
		return data + DATA;
	case 2:
		return block;
	case 3:
		return data + DATA + READ_ONLY;
	default:
		return mappings[region].address ? mappings[region].address : data + DATA + READ_ONLY;
	}
}

static uint64_t resolve(struct value value)
{
	switch (value.kind) {
	case OBJECT:
		return objects[value.slot] >= 0 ? objects[value.slot] : 0x70000000 + value.slot;
	case FILE_SLOT:
		return fd_of(value.slot);
	case ADDRESS:
		return (uintptr_t)address_of(value.slot) + value.number;
	default:
		return value.number;
	}
}

static void put16(uint8_t *at, int number)
{
	at[0] = number;
	at[1] = number >> 8;
}

static void change(int place, const uint8_t *bytes, int length)
{
	put16(changes + changed, place);
	put16(changes + changed + 2, length);
	memcpy(changes + changed + 4, bytes, length);
	changed += 4 + length;
}

static void compare(int place, const uint8_t *before, const uint8_t *after, int length)
{
	int at = 0, start;

	while (at < length) {
		if (before[at] == after[at]) {
			at++;
			continue;
		}
		for (start = at; at < length && before[at] != after[at]; at++)
			;
		change(place + start, after + start, at - start);
	}
}

static int64_t opened(int slot, int fd)
{
	if (fd < 0)
		return -errno;
	files[slot] = fd;
	return 0;
}

static int watch_bytes(int64_t offset)
{
	return DATA - offset < WATCHED ? DATA - offset : WATCHED;
}

/* IOMMU_IOAS_NOIOMMU_GET_PA, which headers of this machine need not know. */
enum { NOIOMMU_GET_PA = 0x3b95 };

/* Removes the physical page, which differs by machine: only the offset in the page is kept, and of the length the part within it. */
static void forget_where(uint8_t *pa)
{
	uint64_t iova, length, physical, page;

	memcpy(&iova, pa + 16, 8);
	memcpy(&length, pa + 24, 8);
	memcpy(&physical, pa + 32, 8);
	page = PAGE - iova % PAGE;
	length = length < page ? length : page;
	physical %= PAGE;
	memcpy(pa + 24, &length, 8);
	memcpy(pa + 32, &physical, 8);
}

static int64_t do_ioctl(void)
{
	static uint8_t before[BLOCK_BYTES], after[BLOCK_BYTES], watched[MOST_WATCHES][WATCHED];
	int64_t watch[MOST_WATCHES];
	int fd = fd_of(take_slot()), watches = 0, count, i, result, lowest;
	unsigned int request = take(4);

	memset(block, 0, BLOCK_BYTES);
	for (count = take(1); count; count--) {
		int offset = take(2), width = take(1);
		struct value value = take_value();
		uint64_t number = resolve(value);

		memcpy(block + offset, &number, width);
		if (value.kind == ADDRESS && value.slot == 0 && value.number >= 0 && value.number < DATA &&
		    watches < MOST_WATCHES) {
			memcpy(watched[watches], data + value.number, watch_bytes(value.number));
			watch[watches++] = value.number;
		}
	}
	memcpy(before, block, BLOCK_BYTES);
	lowest = dup(STDOUT_FILENO);
	close(lowest);
	result = called(ioctl(fd, request, block));
	memcpy(after, block, BLOCK_BYTES);
	for (count = take(1); count; count--) {
		int offset = (int16_t)take(2), is_file = take(1), slot = take_slot();
		int32_t number;

		if (result < 0)
			continue;
		if (offset == RESULT) {
			if (result > 2) {
				files[slot] = result;
				result = 0;
			}
			continue;
		}
		if (offset == LOWEST) {
			if (fcntl(lowest, F_GETFD) >= 0)
				files[slot] = lowest;
			continue;
		}
		memcpy(&number, block + offset, 4);
		if (!is_file) {
			objects[slot] = (uint32_t)number;
		} else if (number > 2) {
			files[slot] = number;
			memcpy(after + offset, "\xff\0\0", 4);
		}
	}
	if (request == NOIOMMU_GET_PA && result == 0)
		forget_where(after);
	compare(0, before, after, BLOCK_BYTES);
	for (i = 0; i < watches; i++)
		compare((i + 1) * 0x1000, watched[i], data + watch[i], watch_bytes(watch[i]));
	return result;
}

static uint64_t hash_of_data(void)
{
	uint64_t hash = 0, word;
	int i;

	for (i = 0; i < DATA / 8; i++) {
		memcpy(&word, data + 8 * i, 8);
		if (word)
			hash = (hash ^ word ^ i) * 0x9e3779b97f4a7c15;
	}
	return hash >> 33;
}

static int64_t write_register(int fd, int at, uint32_t value)
{
	int64_t result = called(pwrite(fd, &value, 4, at));

	return result < 0 ? result : 0;
}

static int64_t transfer(int fd, uint32_t source, uint32_t destination, int bytes, int direction)
{
	uint32_t command = DMA_RUN;
	int64_t result = write_register(fd, DMA_SOURCE, source);
	int waited;

	if (!result)
		result = write_register(fd, DMA_DESTINATION, destination);
	if (!result)
		result = write_register(fd, DMA_COUNT, bytes);
	if (!result)
		result = write_register(fd, DMA_COMMAND, DMA_RUN | direction);
	if (result)
		return result;
	for (waited = 0; command & DMA_RUN; waited++) {
		if (waited == DMA_PATIENCE_MILLISECONDS)
			die("a transfer that does not end");
		usleep(1000);
		if (pread(fd, &command, 4, DMA_COMMAND) != 4)
			return -EIO;
	}
	return 0;
}

/* What nodes of devices that no IOMMU translates for begin with; asked first while vfio-pci has all devices. */
static const char *untranslated(void)
{
	static const char *prefix;

	if (!prefix)
		prefix = access("/dev/vfio/devices/vfio0", F_OK) ? "noiommu-" : "";
	return prefix;
}

static int64_t do_dma(int fd)
{
	uint32_t from = take(8), to = take(8);
	int bytes = take(2);
	int64_t result;

	/* Without an IOMMU it would write to memory of others. */
	if (*untranslated())
		return -EOPNOTSUPP;
	result = transfer(fd, from, DMA_BUFFER, bytes, 0);
	if (!result)
		result = transfer(fd, DMA_BUFFER, to, bytes, DMA_TO_MEMORY);
	return result ? result : (int64_t)hash_of_data();
}

static int64_t do_interrupt(int fd)
{
	int64_t result = write_register(fd, INTERRUPT_RAISE, 1);

	if (result)
		return result;
	/* Another processor may take it. */
	usleep(2000);
	result = write_register(fd, INTERRUPT_ACKNOWLEDGE, 1);
	return result ? result : 4;
}

/* With a limit comes the loss of the capability that would lift it; no limit gives it back. */
static int64_t limit_memlock(int64_t bytes)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2];
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	if (bytes >= 0)
		limit.rlim_cur = bytes;
	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 || syscall(SYS_capget, &header, sets) < 0)
		die("limits");
	if (bytes >= 0)
		sets[0].effective &= ~(1u << CAP_IPC_LOCK);
	else
		sets[0].effective |= 1u << CAP_IPC_LOCK;
	if (syscall(SYS_capset, &header, sets) < 0)
		die("capset");
	return 0;
}

/* The last name in a link of the device's directory in sysfs. */
static void follow(int device, const char *link, char *name, int room)
{
	char path[80], target[256];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/class/vfio-dev/%svfio%d/%s", untranslated(), device, link);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		die(path);
	target[length] = 0;
	snprintf(name, room, "%s", strrchr(target, '/') + 1);
}

static char groups[MOST_DEVICES][32];

/* Looked up while vfio-pci has all devices; empty of a device that the machine lacks. */
static void find_groups(void)
{
	char path[80];
	int i;

	for (i = 0; i < MOST_DEVICES; i++) {
		snprintf(path, sizeof(path), "/sys/class/vfio-dev/%svfio%d", untranslated(), i);
		if (access(path, F_OK) == 0)
			follow(i, "device/iommu_group", groups[i], sizeof(groups[i]));
	}
}

static int open_group(int device)
{
	char path[64];

	if (!groups[device][0]) {
		errno = ENOENT;
		return -1;
	}
	snprintf(path, sizeof(path), "/dev/vfio/%s%s", untranslated(), groups[device]);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int64_t write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int64_t result;

	if (fd < 0)
		die(path);
	result = called(write(fd, text, strlen(text)));
	close(fd);
	return result;
}

/* The one device that vfio-pci does not have; its number is the lowest free one, which it gets back. */
static char unbound[32];

static int64_t unbind(int device)
{
	int64_t result;

	if (unbound[0])
		return -EBUSY;
	if (!groups[device][0])
		return -ENODEV;
	follow(device, "device", unbound, sizeof(unbound));
	result = write_file("/sys/bus/pci/drivers/vfio-pci/unbind", unbound);
	if (result < 0)
		unbound[0] = 0;
	return result;
}

static int64_t bind_again(void)
{
	int64_t result;

	if (!unbound[0])
		return -ENODEV;
	result = write_file("/sys/bus/pci/drivers/vfio-pci/bind", unbound);
	if (result >= 0)
		unbound[0] = 0;
	return result;
}

static int64_t rebind(int device)
{
	int64_t result = unbind(device);

	return result < 0 ? result : bind_again();
}

static int64_t filled(int64_t count)
{
	if (count < 0)
		return -errno;
	if (count > 0)
		change(0, (uint8_t *)buffer, count);
	return count;
}

static int64_t do_map(void)
{
	int region = take_slot(), file = take_slot();
	uint64_t bytes = take(8);
	int protection = take(4), flags = take(4);
	void *address = mmap(NULL, bytes, protection, flags, fd_of(file), take(8));

	if (address == MAP_FAILED)
		return -errno;
	mappings[region].address = address;
	mappings[region].bytes = bytes;
	return 0;
}

static int64_t unmap(int region)
{
	int64_t result = 0;

	if (mappings[region].address)
		result = called(munmap(mappings[region].address, mappings[region].bytes));
	mappings[region].address = NULL;
	return result;
}

static int64_t step(enum step step)
{
	char path[64];
	int slot = take_slot(), i, bytes;
	struct pollfd entry;
	struct value value;
	int64_t result;

	switch (step) {
	case IOMMUFD:
		return opened(slot, open("/dev/iommu", O_RDWR | O_CLOEXEC));
	case DEVICE:
		i = take(2);
		snprintf(path, sizeof(path), "/dev/vfio/devices/%svfio%d", untranslated(), i);
		return opened(slot, open(path, O_RDWR | O_CLOEXEC));
	case MEMFD:
		result = opened(slot, memfd_create("differential", 0));
		return result < 0 ? (take(8), result) : called(ftruncate(files[slot], take(8)));
	case EVENTFD:
		return opened(slot, eventfd(0, EFD_NONBLOCK));
	case DUP:
		return opened(slot, fcntl(fd_of(take_slot()), F_DUPFD_CLOEXEC, 3));
	case CLOSE:
		i = files[slot];
		files[slot] = -1;
		return called(close(i));
	case IOCTL:
		program -= 2;
		return do_ioctl();
	case PLAIN:
		i = take(4);
		return called(ioctl(fd_of(slot), (unsigned int)i, resolve(take_value())));
	case STORE:
		value.number = take(8);
		bytes = take(1);
		for (i = 0; i < bytes; i++) {
			uint64_t word = resolve(take_value());

			memcpy(address_of(slot) + value.number + 8 * i, &word, 8);
		}
		return 0;
	case READ:
		bytes = take(2);
		memset(buffer, 0, bytes);
		return filled(read(fd_of(slot), buffer, bytes));
	case WRITE:
		bytes = take(2);
		memset(buffer, 0, bytes);
		for (i = 0, result = take(1); i < result; i++)
			((uint32_t *)buffer)[i] = resolve(take_value());
		return called(write(fd_of(slot), buffer, bytes));
	case READ_AT:
		bytes = take(2);
		memset(buffer, 0, bytes);
		return filled(pread(fd_of(slot), buffer, bytes, take(8)));
	case WRITE_AT:
		bytes = take(2);
		result = take(8);
		buffer[0] = take(8);
		return called(pwrite(fd_of(slot), buffer, bytes, result));
	case POLL:
		entry.fd = fd_of(slot);
		entry.events = take(2);
		entry.revents = 0;
		result = poll(&entry, 1, 0);
		return result < 0 ? -errno : result << 16 | (uint16_t)entry.revents;
	case MAP:
		program -= 2;
		return do_map();
	case UNMAP:
		return unmap(slot);
	case GROUP:
		return opened(slot, open_group(take(2)));
	case CONTAINER:
		return opened(slot, open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC));
	case DMA:
		return do_dma(fd_of(slot));
	case INTERRUPT:
		return do_interrupt(fd_of(slot));
	case REBIND:
		return rebind(take(2));
	case UNBIND:
		return unbind(take(2));
	case BIND:
		return bind_again();
	case MEMLOCK:
		return limit_memlock(take(8));
	default:
		errno = EINVAL;
		die("no such step");
		return 0;
	}
}

static int64_t end(void)
{
	int64_t refused = 0;
	uint64_t hash;
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (files[i] >= 0 && close(files[i]) < 0)
			refused++;
		files[i] = -1;
		objects[i] = -1;
	}
	for (i = FIRST_MAPPED; i < SLOTS; i++)
		if (unmap(i) < 0)
			refused++;
	if (unbound[0] && bind_again() < 0)
		refused++;
	limit_memlock(-1);
	hash = hash_of_data();
	memset(data, 0, DATA);
	return refused << 32 | hash;
}

static void *reserve(uint8_t *at, size_t bytes, int protection)
{
	void *mapped =
		mmap(at, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);

	if (mapped == MAP_FAILED)
		die("mmap");
	return mapped;
}

/*
 * Page tables join pages that lie side by side in physical memory, and dirty bits show it. For a simulated
 * kernel those of the data do, from a multiple of 256 KiB on; so here such pages are looked for, among many.
 */
static void find_pages(uint8_t *to)
{
	enum { POOL = 64 << 20, WANTED = (DATA + READ_ONLY) / PAGE, ALIGNED = DATA / PAGE };
	uint8_t *pool = reserve(NULL, POOL, PROT_READ | PROT_WRITE);
	uint64_t entry, first = 0, last = 0, frame, from;
	int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), pages = POOL / PAGE, i, found;
	uint32_t *at;

	/* Pages of a large one would share its references, which programs count. */
	madvise(pool, POOL, MADV_NOHUGEPAGE);
	memset(pool, 1, POOL);
	for (i = 0; i < pages; i++) {
		if (pread(map, &entry, 8, ((uintptr_t)pool / PAGE + i) * 8) != 8)
			die("pagemap");
		frame = entry & ((1ULL << 55) - 1);
		first = !i || frame < first ? frame : first;
		last = frame > last ? frame : last;
	}
	/* Which page of the pool has which frame, from 1 on. */
	at = calloc(last - first + 1, sizeof(*at));
	if (!at)
		die("no memory");
	for (i = 0; i < pages; i++) {
		if (pread(map, &entry, 8, ((uintptr_t)pool / PAGE + i) * 8) != 8)
			die("pagemap");
		at[(entry & ((1ULL << 55) - 1)) - first] = i + 1;
	}
	close(map);
	for (from = -first % ALIGNED; from + WANTED <= last - first + 1; from += ALIGNED) {
		for (found = 0; found < WANTED && at[from + found]; found++)
			;
		if (found == WANTED)
			break;
	}
	if (from + WANTED > last - first + 1)
		die("no pages lie side by side");
	for (i = 0; i < WANTED; i++)
		if (mremap(pool + (at[from + i] - 1) * (size_t)PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   to + i * PAGE) == MAP_FAILED)
			die("mremap");
	free(at);
	munmap(pool, POOL);
}

static void lay_out(void)
{
	uint8_t *room = reserve(NULL, 8 * ALIGNMENT, PROT_NONE);

	data = room + 2 * ALIGNMENT;
	data += (ALIGNMENT - (uintptr_t)data) & (2 * ALIGNMENT - 1);
	find_pages(data);
	/* Its pages are there from the start, and none is the page of zeroes that all share. */
	memset(data, 0, DATA + READ_ONLY);
	if (mprotect(data + DATA, READ_ONLY, PROT_READ) < 0)
		die("mprotect");
	block = data - GAP - BLOCK;
	reserve(block, BLOCK, PROT_READ | PROT_WRITE);
}

static void load(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t bytes;

	if (!file || fseek(file, 0, SEEK_END) < 0)
		die(path);
	bytes = ftell(file);
	rewind(file);
	program = malloc(bytes);
	if (!program || fread(program, 1, bytes, file) != bytes)
		die(path);
	program_end = program + bytes;
	fclose(file);
}

int main(int argc, char **argv)
{
	int i;

	if (argc != 2) {
		fprintf(stderr, "usage: programs FILE\n");
		return 2;
	}
	signal(SIGALRM, hung);
	load(argv[1]);
	lay_out();
	write_file("/proc/sys/vm/nr_hugepages", HUGE_PAGES);
	write_file("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y");
	for (i = 0; i < SLOTS; i++)
		files[i] = objects[i] = -1;
	find_groups();
	while (program < program_end) {
		enum step next;

		alarm(PATIENCE_SECONDS);
		give(0, 2);
		for (steps_done = 0; (next = take(1)) != END; steps_done++)
			answer(step(next));
		answer(end());
		answers[0] = (steps_done + 1) >> 8;
		answers[1] = steps_done + 1;
		programs_done++;
		/* At once: should the machine hang, what came tells how far it got. */
		if (fwrite(answers, 1, answered, stdout) != answered || fflush(stdout))
			die("standard output");
		answered = 0;
	}
	return 0;
}
