// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.bindings.iommufd.iommu_ioas_noiommu_get_pa;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.differential.program.Answer;
import io.iommufd4j.differential.program.BlockNames;
import io.iommufd4j.differential.program.Changes;
import io.iommufd4j.differential.program.Field;
import io.iommufd4j.differential.program.Output;
import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.UserRegions;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.sim.device.model.EduModel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs on one kernel, one after the other. Each begins with nothing open. {@code
 * lab/programs.c} does the same on the lab's kernel, and has to count the same things as changed.
 */
public final class Session implements AutoCloseable {

  /** The most bytes that a block's fields may cover. */
  static final int BLOCK_BYTES = 256;

  private static final int READ_WRITE = libc_h.O_RDWR() | libc_h.O_CLOEXEC();

  /** Bytes behind each address in a block that are looked at for what a request wrote there. */
  private static final int WATCHED = 512;

  /** More than a program maps, as many as the lab's kernel keeps. */
  private static final String HUGE_PAGES = "48";

  /** The value of an unopened slot: an id that no object gets. */
  private static final long NO_OBJECT = 0x7000_0000;

  private static final int NO_FILE = -1;
  private static final long HASH = 0x9e37_79b9_7f4a_7c15L;

  private final SimKernel kernel;
  private final Arena arena = Arena.ofShared();
  private final UserRegions regions;
  private final MemorySegment data;
  private final MemorySegment block;
  private final MemorySegment buffer;
  private final List<Device> devices = new ArrayList<>();
  private final LateDriver drivers = new LateDriver(this::writeFile);
  private final boolean untranslated;
  private final Map<Integer, Integer> files = new TreeMap<>();
  private final Map<Integer, Long> objects = new HashMap<>();
  private final Map<Integer, Mapping> mappings = new TreeMap<>();

  private record Mapping(long address, long bytes) {}

  /** An edu function, its own node and its group's. */
  private record Device(PciAddress address, String node, String group) {}

  /** A kernel, all edu functions of which are bound to vfio-pci now. */
  public Session(SimKernel kernel) {
    this.kernel = kernel;
    this.regions = new UserRegions(kernel);
    this.data = regions.data();
    this.block = regions.block();
    this.buffer = arena.allocate(1 << 12, 8);
    writeFile("/proc/sys/vm/nr_hugepages", HUGE_PAGES);
    writeFile("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y");
    Host host = Host.of(kernel);
    List<PciAddress> edus = MachineUnderTest.edus(host);
    edus.forEach(this::bind);
    for (PciAddress address : edus) {
      PciDevice device = host.device(address);
      String node = device.cdevPath().orElseThrow();
      String kind = node.contains("noiommu") ? "noiommu-" : "";
      devices.add(new Device(address, node, "/dev/vfio/" + kind + device.group().orElseThrow()));
    }
    untranslated = devices.isEmpty() || devices.getFirst().node().contains("noiommu");
  }

  /** As the lab does: without a look at what Linux refuses of it later. */
  private void bind(PciAddress device) {
    writeFile("/sys/bus/pci/devices/" + device + "/driver_override", "vfio-pci");
    writeFile("/sys/bus/pci/drivers_probe", device.toString());
  }

  /** One of the machine's devices; null for one that it lacks. */
  private @Nullable Device device(int number) {
    return number < devices.size() ? devices.get(number) : null;
  }

  private @Nullable PciAddress function(int number) {
    Device device = device(number);
    return device == null ? null : device.address();
  }

  private int open(int number, Function<Device, String> path) {
    Device device = device(number);
    return device == null ? Errno.ENOENT.negated() : kernel.open(path.apply(device), READ_WRITE);
  }

  /** The kernel it runs on. */
  SimKernel kernel() {
    return kernel;
  }

  /** The next step. */
  Answer run(Step step) {
    return switch (step) {
      case Step.OpenIommufd open -> opened(open.file(), kernel.open("/dev/iommu", READ_WRITE));
      case Step.OpenDevice open -> opened(open.file(), open(open.device(), Device::node));
      case Step.OpenGroup open -> opened(open.file(), open(open.device(), Device::group));
      case Step.OpenContainer open ->
          opened(open.file(), kernel.open("/dev/vfio/vfio", READ_WRITE));
      case Step.OpenMemfd memfd -> memfd(memfd);
      case Step.OpenEventfd eventfd ->
          opened(eventfd.file(), kernel.eventfd(0, libc_h.EFD_NONBLOCK()));
      case Step.Dup dup -> opened(dup.file(), kernel.dup(fd(dup.of())));
      case Step.Close close -> close(close);
      case Step.Ioctl ioctl -> ioctl(ioctl);
      case Step.Plain plain ->
          Answer.of(
              kernel.ioctl(
                  fd(plain.file()),
                  BlockNames.number(plain.name()),
                  MemorySegment.ofAddress(resolve(plain.argument()))));
      case Step.Store store -> store(store);
      case Step.Read read -> filled(kernel.read(fd(read.file()), cleared(read.bytes())));
      case Step.Write write -> write(write);
      case Step.ReadAt read ->
          filled(kernel.pread(fd(read.file()), cleared(read.bytes()), read.offset()));
      case Step.WriteAt write -> {
        buffer.set(ValueLayout.JAVA_LONG, 0, write.value());
        yield Answer.of(
            kernel.pwrite(fd(write.file()), buffer.asSlice(0, write.bytes()), write.offset()));
      }
      case Step.Poll poll -> poll(poll);
      case Step.Dma dma -> dma(dma);
      case Step.Interrupt interrupt -> interrupt(interrupt);
      case Step.Rebind rebind -> Answer.of(drivers.rebind(function(rebind.device())));
      case Step.Unbind unbind -> Answer.of(drivers.unbind(function(unbind.device())));
      case Step.BindAgain _ -> Answer.of(drivers.bindAgain());
      case Step.Memlock memlock -> {
        kernel.control().limitMemlock(memlock.bytes());
        yield Answer.of(0);
      }
      case Step.Map map -> map(map);
      case Step.Unmap unmap -> {
        Mapping mapping = mappings.remove(unmap.region());
        yield Answer.of(mapping == null ? 0 : kernel.munmap(mapping.address, mapping.bytes));
      }
    };
  }

  /**
   * Gives back all that is open, in the order of slots.
   *
   * @return a hash of the data, and how many calls were refused
   */
  Answer end() {
    long refused = 0;
    for (int fd : files.values()) {
      refused += kernel.close(fd) < 0 ? 1 : 0;
    }
    for (Mapping mapping : mappings.values()) {
      refused += kernel.munmap(mapping.address, mapping.bytes) < 0 ? 1 : 0;
    }
    refused += drivers.end();
    files.clear();
    mappings.clear();
    objects.clear();
    kernel.control().limitMemlock(ProcessFacts.UNLIMITED);
    long hash = hash();
    data.fill((byte) 0);
    return Answer.of((refused << Integer.SIZE) | hash);
  }

  /** A hash of the data: 31 bits. */
  private long hash() {
    long hash = 0;
    for (long i = 0; i < UserRegions.DATA_BYTES / Long.BYTES; i++) {
      long word = data.getAtIndex(ValueLayout.JAVA_LONG, i);
      if (word != 0) {
        hash = (hash ^ word ^ i) * HASH;
      }
    }
    return hash >>> (Integer.SIZE + 1);
  }

  private int fd(int slot) {
    return files.getOrDefault(slot, NO_FILE);
  }

  private long resolve(Value value) {
    return switch (value) {
      case Value.Literal literal -> literal.number();
      case Value.ObjectSlot object ->
          objects.getOrDefault(object.slot(), NO_OBJECT + object.slot());
      case Value.FileSlot file -> fd(file.slot());
      case Value.Address address -> address(address.region()) + address.offset();
    };
  }

  private long address(int region) {
    if (region < UserRegions.FIRST_MAPPED) {
      return regions.address(region);
    }
    Mapping mapping = mappings.get(region);
    return mapping == null ? regions.address(UserRegions.NOTHING) : mapping.address;
  }

  private Answer opened(int slot, int fd) {
    if (fd < 0) {
      return Answer.of(fd);
    }
    files.put(slot, fd);
    return Answer.of(0);
  }

  private Answer memfd(Step.OpenMemfd memfd) {
    Answer answer = opened(memfd.file(), kernel.memfd("differential", 0));
    return answer.value() < 0
        ? answer
        : Answer.of(kernel.ftruncate(fd(memfd.file()), memfd.bytes()));
  }

  private Answer close(Step.Close close) {
    Integer fd = files.remove(close.file());
    return Answer.of(kernel.close(fd == null ? NO_FILE : fd));
  }

  private Answer store(Step.Store store) {
    MemorySegment at = data.asSlice(store.at().offset());
    for (int i = 0; i < store.words().size(); i++) {
      at.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, resolve(store.words().get(i)));
    }
    return Answer.of(0);
  }

  private MemorySegment cleared(int bytes) {
    return buffer.asSlice(0, bytes).fill((byte) 0);
  }

  private Answer filled(long count) {
    if (count <= 0) {
      return Answer.of(count);
    }
    byte[] bytes = buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    var changes = new Changes();
    changes.run(0, bytes, 0, bytes.length);
    return changes.answer(count);
  }

  private Answer write(Step.Write write) {
    cleared(write.bytes());
    for (int i = 0; i < write.words().size(); i++) {
      buffer.setAtIndex(ValueLayout.JAVA_INT, i, (int) resolve(write.words().get(i)));
    }
    return Answer.of(kernel.write(fd(write.file()), buffer.asSlice(0, write.bytes())));
  }

  private Answer poll(Step.Poll poll) {
    MemorySegment entry = cleared((int) pollfd.sizeof());
    pollfd.fd(entry, fd(poll.file()));
    pollfd.events(entry, (short) poll.events());
    int ready = kernel.poll(entry, 0);
    return Answer.of(ready < 0 ? ready : (ready << Short.SIZE) | (pollfd.revents(entry) & 0xffff));
  }

  /**
   * The data's hash after it, or the first refusal. Without an IOMMU it would write to memory of
   * others, and is left out.
   */
  private Answer dma(Step.Dma dma) {
    if (untranslated) {
      return Answer.of(Errno.EOPNOTSUPP.negated());
    }
    long refused = transfer(fd(dma.file()), dma.from(), EduModel.BUFFER, dma.bytes(), 0);
    if (refused == 0) {
      refused =
          transfer(fd(dma.file()), EduModel.BUFFER, dma.to(), dma.bytes(), EduModel.TO_MEMORY);
    }
    return Answer.of(refused < 0 ? refused : hash());
  }

  private long transfer(int fd, long source, long destination, int bytes, int direction) {
    long[][] writes = {
      {EduModel.DMA_SOURCE, source},
      {EduModel.DMA_DESTINATION, destination},
      {EduModel.DMA_COUNT, bytes},
      {EduModel.DMA_COMMAND, EduModel.RUN | direction}
    };
    for (long[] write : writes) {
      long written = writeRegister(fd, write[0], (int) write[1]);
      if (written < 0) {
        return written;
      }
    }
    return 0;
  }

  private long writeFile(String path, String text) {
    int fd = kernel.open(path, libc_h.O_WRONLY());
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
    long written = kernel.write(fd, buffer.asSlice(0, bytes.length));
    kernel.close(fd);
    return written;
  }

  private long writeRegister(int fd, long register, int value) {
    buffer.set(ValueLayout.JAVA_INT, 0, value);
    return kernel.pwrite(fd, buffer.asSlice(0, Integer.BYTES), register);
  }

  private Answer interrupt(Step.Interrupt interrupt) {
    int fd = fd(interrupt.file());
    long raised = writeRegister(fd, EduModel.INTERRUPT_RAISE, 1);
    return Answer.of(raised < 0 ? raised : writeRegister(fd, EduModel.INTERRUPT_ACKNOWLEDGE, 1));
  }

  private Answer map(Step.Map map) {
    int fd = map.file() < 0 ? NO_FILE : fd(map.file());
    long address = kernel.mmap(map.bytes(), map.protection(), map.flags(), fd, map.offset());
    if (address < 0) {
      return Answer.of(address);
    }
    mappings.put(map.region(), new Mapping(address, map.bytes()));
    return Answer.of(0);
  }

  /** A piece of data that a block points to, as it was before the request. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Watch(int offset, byte[] before) {}

  private Answer ioctl(Step.Ioctl ioctl) {
    MemorySegment fields = block.asSlice(0, BLOCK_BYTES).fill((byte) 0);
    var watches = new ArrayList<Watch>();
    for (Field field : ioctl.fields()) {
      put(fields, field.offset(), field.width(), resolve(field.value()));
      if (field.value() instanceof Value.Address(int region, long offset)
          && region == UserRegions.DATA
          && offset >= 0
          && offset < UserRegions.DATA_BYTES) {
        watches.add(new Watch((int) offset, watched((int) offset)));
      }
    }
    byte[] before = fields.toArray(ValueLayout.JAVA_BYTE);
    boolean untold = ioctl.outputs().stream().anyMatch(o -> o.offset() == Output.LOWEST);
    int lowest = untold ? lowestFree() : NO_FILE;
    int value = kernel.ioctl(fd(ioctl.file()), BlockNames.number(ioctl.name()), block);
    byte[] after = fields.toArray(ValueLayout.JAVA_BYTE);
    if (value >= 0) {
      for (Output output : ioctl.outputs()) {
        switch (output.offset()) {
          case Output.RESULT -> {
            if (value > 2) {
              files.put(output.slot(), value);
              value = 0;
            }
          }
          case Output.LOWEST -> keepIfOpen(output.slot(), lowest);
          default -> keep(output, fields, after);
        }
      }
    }
    if (value == 0 && ioctl.name().equals("IOMMU_IOAS_NOIOMMU_GET_PA")) {
      forgetWhere(MemorySegment.ofArray(after));
    }
    var changes = new Changes();
    changes.between(0, before, after);
    for (int i = 0; i < watches.size(); i++) {
      Watch watch = watches.get(i);
      changes.between((i + 1) * 0x1000, watch.before, watched(watch.offset));
    }
    return changes.answer(value);
  }

  /**
   * Removes the physical page, which differs by machine: only the offset in the page is kept, and
   * of the length the part within that page.
   */
  private static void forgetWhere(MemorySegment answer) {
    long length =
        answer.get(ValueLayout.JAVA_LONG_UNALIGNED, iommu_ioas_noiommu_get_pa.length$offset());
    long page =
        UserRegions.PAGE
            - (answer.get(ValueLayout.JAVA_LONG_UNALIGNED, iommu_ioas_noiommu_get_pa.iova$offset())
                & (UserRegions.PAGE - 1));
    long physical =
        answer.get(ValueLayout.JAVA_LONG_UNALIGNED, iommu_ioas_noiommu_get_pa.out_phys$offset());
    answer.set(
        ValueLayout.JAVA_LONG_UNALIGNED,
        iommu_ioas_noiommu_get_pa.length$offset(),
        Long.compareUnsigned(length, page) < 0 ? length : page);
    answer.set(
        ValueLayout.JAVA_LONG_UNALIGNED,
        iommu_ioas_noiommu_get_pa.out_phys$offset(),
        physical % UserRegions.PAGE);
  }

  private int lowestFree() {
    int free = kernel.eventfd(0, 0);
    kernel.close(free);
    return free;
  }

  private void keepIfOpen(int slot, int fd) {
    int second = kernel.dup(fd);
    if (second >= 0) {
      kernel.close(second);
      files.put(slot, fd);
    }
  }

  private byte[] watched(int offset) {
    return data.asSlice(offset, Math.min(WATCHED, UserRegions.DATA_BYTES - offset))
        .toArray(ValueLayout.JAVA_BYTE);
  }

  private void keep(Output output, MemorySegment fields, byte[] after) {
    int number = fields.get(ValueLayout.JAVA_INT_UNALIGNED, output.offset());
    if (!output.file()) {
      objects.put(output.slot(), Integer.toUnsignedLong(number));
      return;
    }
    if (number > 2) {
      files.put(output.slot(), number);
      // Two kernels choose descriptors by themselves; that one was given is what counts.
      after[output.offset()] = -1;
      for (int i = 1; i < Integer.BYTES; i++) {
        after[output.offset() + i] = 0;
      }
    }
  }

  private static void put(MemorySegment fields, int offset, int width, long value) {
    switch (width) {
      case Byte.BYTES -> fields.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
      case Short.BYTES -> fields.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
      case Integer.BYTES -> fields.set(ValueLayout.JAVA_INT_UNALIGNED, offset, (int) value);
      default -> fields.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
    }
  }

  @Override
  public void close() {
    end();
    regions.close();
    arena.close();
  }
}
