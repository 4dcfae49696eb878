// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.fuzz;

import io.iommufd4j.bindings.iommufd.iommu_fault_alloc;
import io.iommufd4j.bindings.iommufd.iommu_veventq_alloc;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Random system calls on open files of every kind, from one seed. */
final class RandomRun {

  private static final int LARGEST_BLOCK = 4096;
  private static final int POOL_PAGES = 256;
  private static final int MOST_MAPPINGS = 4;
  private static final int REQUEST_BITS = 1 << 16;
  private static final int READ_WRITE = libc_h.O_RDWR() | libc_h.O_CLOEXEC();

  private static final List<Request> COMMANDS = of(FileKind.IOMMUFD);
  private static final List<Request> DEVICE_REQUESTS = of(FileKind.VFIO_DEVICE);
  private static final List<Request> ATTACHING =
      List.of(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT, Request.VFIO_DEVICE_DETACH_IOMMUFD_PT);

  /** Requests that make objects for other requests to work on. */
  private static final List<Request> GROWING =
      List.of(
          Request.IOMMU_IOAS_ALLOC,
          Request.IOMMU_IOAS_MAP,
          Request.IOMMU_IOAS_MAP_FILE,
          Request.IOMMU_IOAS_COPY,
          Request.IOMMU_HWPT_ALLOC);

  private static final List<Request> ALL = List.of(Request.values());

  private record Mapping(long address, long bytes) {}

  private final Kernel kernel;
  private final SplittableRandom random;
  private final RandomBlock blocks;
  private final MemorySegment buffer;
  private final List<String> nodes = new ArrayList<>();
  private final List<Integer> iommufds = new ArrayList<>();
  private final List<Integer> devices = new ArrayList<>();
  private final List<Integer> others = new ArrayList<>();

  /** Apart from the others, which are named in blocks. */
  private final List<Integer> queues = new ArrayList<>();

  private final List<Mapping> mappings = new ArrayList<>();

  RandomRun(KernelUnderTest test, List<PciAddress> addresses, long seed) {
    kernel = test.kernel();
    random = new SplittableRandom(seed);
    UserPages pool = test.pages(POOL_PAGES);
    blocks =
        new RandomBlock(
            random,
            test.pages(1).memory().asSlice(0, LARGEST_BLOCK / 4),
            pool.memory(),
            test.badAddress(),
            () -> any(others));
    buffer = test.pages(1).memory();
    Host host = Host.of(kernel);
    addresses.forEach(address -> nodes.add(host.device(address).cdevPath().orElseThrow()));
  }

  private static List<Request> of(FileKind kind) {
    return Arrays.stream(Request.values()).filter(request -> request.file() == kind).toList();
  }

  /**
   * One system call.
   *
   * @return what it answered
   * @throws IllegalStateException when that is neither ≥ 0 nor −errno
   */
  long step() {
    long answer =
        switch (random.nextInt(100)) {
          case 0 -> openOrClose();
          case 1, 2 -> file();
          case 3 -> mapOrUnmap();
          case 4, 5, 6 -> readOrWrite();
          case 7, 8, 9 -> bind();
          case 10, 11 -> noise();
          case 12 -> anyRequestAnywhere();
          case 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24 -> request(devices, DEVICE_REQUESTS);
          case 25, 26, 27, 28, 29, 30, 31, 32, 33, 34 -> request(devices, ATTACHING);
          case 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54 ->
              request(iommufds, GROWING);
          default -> request(iommufds, COMMANDS);
        };
    if (answer < 0 && Errno.name((int) answer).startsWith("errno")) {
      throw new IllegalStateException("not an answer: " + answer);
    }
    return answer;
  }

  private long openOrClose() {
    List<Integer> kind = random.nextBoolean() ? iommufds : devices;
    boolean full = kind.size() >= (kind == iommufds ? 2 : nodes.size() + 1);
    if (!kind.isEmpty() && (full || random.nextInt(6) == 0)) {
      return closeAny(kind);
    }
    if (!kind.isEmpty() && random.nextInt(4) == 0) {
      return keep(kind, kernel.dup(any(kind)));
    }
    String node = kind == iommufds ? "/dev/iommu" : nodes.get(random.nextInt(nodes.size()));
    return keep(kind, kernel.open(node, READ_WRITE));
  }

  private long file() {
    if (queues.size() > 3) {
      return closeAny(queues);
    }
    if (others.size() > 3) {
      return closeAny(others);
    }
    if (random.nextBoolean()) {
      return keep(others, kernel.eventfd(0, 0));
    }
    int memfd = keep(others, kernel.memfd("fuzz", 0));
    return memfd < 0 ? memfd : kernel.ftruncate(memfd, UserPages.PAGE * random.nextInt(8));
  }

  private static int keep(List<Integer> kind, int fd) {
    if (fd >= 0) {
      kind.add(fd);
    }
    return fd;
  }

  private long mapOrUnmap() {
    if (mappings.size() >= MOST_MAPPINGS || (!mappings.isEmpty() && random.nextBoolean())) {
      Mapping mapping = mappings.remove(random.nextInt(mappings.size()));
      return kernel.munmap(mapping.address, mapping.bytes);
    }
    List<Integer> kind = random.nextInt(8) == 0 ? iommufds : devices;
    long bytes = UserPages.PAGE * (1 + random.nextInt(3));
    long offset = UserPages.PAGE * random.nextInt(4) + ((long) random.nextInt(10) << 40);
    int protection = random.nextInt(4);
    long address = kernel.mmap(bytes, protection, libc_h.MAP_SHARED(), any(kind), offset);
    if (address >= 0) {
      mappings.add(new Mapping(address, bytes));
    }
    return address;
  }

  /** Config space and the ends of BARs; BAR 0 itself is only read, for writes there start DMA. */
  private long readOrWrite() {
    MemorySegment piece = buffer.asSlice(random.nextInt(8), random.nextInt(16));
    long within = random.nextInt(300);
    boolean write = random.nextInt(3) == 0;
    long region = write ? 7 : random.nextInt(11);
    long offset = random.nextInt(50) == 0 ? random.nextLong() : (region << 40) + within;
    if (write) {
      piece.fill((byte) random.nextInt());
      boolean config = offset >>> 40 == 7;
      return config ? kernel.pwrite(any(devices), piece, offset) : 0;
    }
    return kernel.pread(any(devices), piece, offset);
  }

  private long bind() {
    var block = blocks.fill(Request.VFIO_DEVICE_BIND_IOMMUFD);
    int iommufd = any(iommufds);
    block.asSlice(0, 32).fill((byte) 0);
    block.set(ValueLayout.JAVA_INT, 0, Request.VFIO_DEVICE_BIND_IOMMUFD.minimumBytes());
    block.set(ValueLayout.JAVA_INT, 8, iommufd);
    return kernel.ioctl(any(devices), Request.VFIO_DEVICE_BIND_IOMMUFD.number(), block);
  }

  private long request(List<Integer> kind, List<Request> requests) {
    Request request = requests.get(random.nextInt(requests.size()));
    return ioctl(any(kind), request.number(), blocks.fill(request));
  }

  private long anyRequestAnywhere() {
    Request request = ALL.get(random.nextInt(ALL.size()));
    List<Integer> kind = random.nextBoolean() ? iommufds : devices;
    return ioctl(any(kind), request.number(), blocks.noise());
  }

  private long noise() {
    List<Integer> kind = random.nextBoolean() ? iommufds : random.nextBoolean() ? devices : others;
    int number = 0x3b00 + random.nextInt(random.nextBoolean() ? 256 : REQUEST_BITS);
    return ioctl(any(kind), number, blocks.noise());
  }

  /** Takes note of the descriptors that requests hand out. */
  private long ioctl(int fd, int number, MemorySegment block) {
    long answer = kernel.ioctl(fd, number, block);
    if (answer >= 0) {
      if (number == Request.IOMMU_FAULT_QUEUE_ALLOC.number()) {
        keep(queues, iommu_fault_alloc.out_fault_fd(block));
      } else if (number == Request.IOMMU_VEVENTQ_ALLOC.number()) {
        keep(queues, iommu_veventq_alloc.out_veventq_fd(block));
      } else if (number == Request.VFIO_DEVICE_FEATURE.number() && answer > 0) {
        keep(others, (int) answer);
      }
    }
    return answer;
  }

  private int closeAny(List<Integer> kind) {
    int index = random.nextInt(kind.size());
    int fd = kind.get(index);
    kind.remove(/* index */ index);
    return kernel.close(fd);
  }

  private int any(List<Integer> kind) {
    return kind.isEmpty() ? -1 : kind.get(random.nextInt(kind.size()));
  }

  /** Gives back all that is open, in no particular order. */
  void end() {
    while (!mappings.isEmpty()) {
      Mapping mapping = mappings.removeLast();
      kernel.munmap(mapping.address, mapping.bytes);
    }
    for (List<Integer> kind : List.of(iommufds, queues, others, devices)) {
      while (!kind.isEmpty()) {
        closeAny(kind);
      }
    }
  }
}
