// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import io.iommufd4j.error.HostException;
import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import io.iommufd4j.exec.record.Recording;
import io.iommufd4j.exec.record.RecordingHeader;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.SimKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Plays a recording, one call after the other, in this process. On a simulated kernel the devices
 * that VFIO had are given to it first, and writes of sysfs are played; on a host's own kernel
 * neither is done.
 */
public final class Replay {

  private static final int O_WRONLY = 1;

  /** The most bytes of one transfer. */
  private static final int MOST_BYTES = 1 << 20;

  private static final String UNSAFE_INTERRUPTS =
      "/sys/module/iommufd/parameters/allow_unsafe_interrupts";

  private static final Pattern FUNCTION =
      Pattern.compile("^/sys/devices/.*/([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7])/");

  private final Kernel kernel;

  /**
   * Plays on a kernel.
   *
   * @param kernel the caller's to close
   */
  public Replay(Kernel kernel) {
    this.kernel = kernel;
  }

  /**
   * Plays to the first difference.
   *
   * @param recording what is played
   * @return the difference; empty when there is none
   */
  public Optional<ReplayDifference> play(Recording recording) {
    boolean simulated = kernel.identity().simulated();
    if (kernel instanceof SimKernel sim) {
      sim.control().limitMemlock(recording.header().lockedBytes().orElse(ProcessFacts.UNLIMITED));
      if (recording.header().unsafeInterrupts()) {
        write(kernel, UNSAFE_INTERRUPTS, "Y");
      }
    }
    VfioBinding binding = simulated ? VfioBinding.bind(kernel, devices(recording.header())) : null;
    try (var played = new Played(kernel, recording)) {
      int line = Recording.FIRST_LINE;
      for (RecordedEvent event : recording.events()) {
        Optional<ReplayDifference> difference = played.play(event, line);
        if (difference.isPresent()) {
          return difference;
        }
        line++;
      }
      return Optional.empty();
    } finally {
      if (binding != null) {
        try {
          binding.close();
        } catch (HostException changed) {
          // The recording took the device away itself.
        }
      }
    }
  }

  private List<PciAddress> devices(RecordingHeader header) {
    var devices = new ArrayList<PciAddress>();
    Host host = Host.of(kernel);
    for (RecordingHeader.Device device : header.devices()) {
      address(device.address()).filter(a -> host.find(a).isPresent()).ifPresent(devices::add);
    }
    return devices;
  }

  private static Optional<PciAddress> address(String text) {
    try {
      return Optional.of(PciAddress.parse(text));
    } catch (IllegalArgumentException none) {
      return Optional.empty();
    }
  }

  /** Writes an attribute: bytes written, or −errno. */
  private static long write(Kernel kernel, String path, String text) {
    int fd = kernel.open(path, O_WRONLY);
    if (fd < 0) {
      return fd;
    }
    try (var arena = Arena.ofConfined()) {
      byte[] whole = text.getBytes(StandardCharsets.UTF_8);
      MemorySegment bytes = arena.allocate(Math.max(1, whole.length));
      MemorySegment.copy(whole, 0, bytes, ValueLayout.JAVA_BYTE, 0, whole.length);
      return kernel.write(fd, bytes.asSlice(0, whole.length));
    } finally {
      kernel.close(fd);
    }
  }

  /** One recording, being played. */
  private static final class Played implements AutoCloseable {

    private final Kernel kernel;
    private final ReplayMemory memory;
    private final ReplayDescriptors descriptors;
    private final RequestReplay requests;
    private final ConfigPlaces places = new ConfigPlaces();
    private final Map<Integer, RecordedKind> kinds = new HashMap<>();

    Played(Kernel kernel, Recording recording) {
      this.kernel = kernel;
      memory = new ReplayMemory(kernel, recording);
      descriptors = new ReplayDescriptors(kernel);
      requests = new RequestReplay(kernel, descriptors, memory);
    }

    Optional<ReplayDifference> play(RecordedEvent event, int line) {
      return switch (event) {
        case RecordedEvent.Open open -> open(open, line);
        case RecordedEvent.Close close -> {
          memory.unmapAll(close.file());
          descriptors.close(close.file());
          requests.closed(close.file());
          places.closed(close.file());
          yield Optional.empty();
        }
        case RecordedEvent.Ioctl ioctl -> {
          ioctl.given().forEach(one -> kinds.put(one.file(), one.kind()));
          yield requests.play(ioctl, line);
        }
        case RecordedEvent.Transfer transfer -> transfer(transfer, line);
        case RecordedEvent.Mmap mmap -> mmap(mmap, line);
        case RecordedEvent.Attribute attribute ->
            kernel.identity().simulated() ? attribute(attribute, line) : Optional.empty();
      };
    }

    private Optional<ReplayDifference> open(RecordedEvent.Open open, int line) {
      int fd = kernel.open(path(open), open.flags());
      if (fd >= 0 && open.result() >= 0) {
        descriptors.opened(open.file(), fd);
        kinds.put(open.file(), open.kind());
        return Optional.empty();
      }
      if (fd >= 0) {
        kernel.close(fd);
      }
      return errno(line, "open " + open.path(), open.result(), fd);
    }

    /** The path of the same device, whose number may be another one here. */
    private String path(RecordedEvent.Open open) {
      Optional<PciDevice> device =
          open.device().flatMap(Replay::address).flatMap(Host.of(kernel)::find);
      if (open.kind() == RecordedKind.VFIO_DEVICE) {
        return device.flatMap(PciDevice::cdevPath).orElse(open.path());
      }
      if (open.kind() == RecordedKind.VFIO_GROUP && device.isPresent()) {
        String name = open.path().substring(0, open.path().lastIndexOf('/') + 1);
        String prefix = open.path().contains("noiommu-") ? "noiommu-" : "";
        var group = device.get().group();
        return group.isPresent() ? name + prefix + group.getAsInt() : open.path();
      }
      return open.path();
    }

    private Optional<ReplayDifference> transfer(RecordedEvent.Transfer transfer, int line) {
      int fd = descriptors.of(transfer.file());
      int bytes = (int) Math.min(transfer.bytes(), MOST_BYTES);
      try (var arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(Math.max(1, bytes), Long.BYTES).asSlice(0, bytes);
        boolean write = transfer.call().endsWith("write");
        if (write) {
          MemorySegment.copy(
              transfer.data(), 0, buffer, ValueLayout.JAVA_BYTE, 0, transfer.data().length);
        }
        long result =
            switch (transfer.call()) {
              case "read" -> kernel.read(fd, buffer);
              case "write" -> kernel.write(fd, buffer);
              case "pread" -> kernel.pread(fd, buffer, transfer.offset());
              default -> kernel.pwrite(fd, buffer, transfer.offset());
            };
        Optional<ReplayDifference> difference =
            answer(line, transfer.call(), transfer.result(), result);
        if (write && result > 0) {
          places.written(transfer);
        }
        if (difference.isPresent() || write || result <= 0) {
          return difference;
        }
        byte[] now = buffer.asSlice(0, result).toArray(ValueLayout.JAVA_BYTE);
        places.leaveOut(kinds.get(transfer.file()), transfer, now);
        return RequestReplay.firstByte(line, transfer.call(), "data", transfer.data(), now);
      }
    }

    private Optional<ReplayDifference> mmap(RecordedEvent.Mmap mmap, int line) {
      int fd = descriptors.of(mmap.file());
      long address = kernel.mmap(mmap.bytes(), mmap.protection(), mmap.flags(), fd, mmap.offset());
      if (address >= 0 && mmap.result() >= 0) {
        memory.mapped(mmap.by().pid(), mmap.result(), mmap.bytes(), mmap.file(), address);
        return Optional.empty();
      }
      if (address >= 0) {
        kernel.munmap(address, mmap.bytes());
      }
      return errno(line, "mmap", mmap.result(), address);
    }

    private Optional<ReplayDifference> attribute(RecordedEvent.Attribute attribute, int line) {
      long result = write(kernel, path(attribute), attribute.text());
      return answer(line, "write " + attribute.path(), attribute.result(), result);
    }

    /** A function's attribute is found by its address, whatever bridges are above it here. */
    private static String path(RecordedEvent.Attribute attribute) {
      return FUNCTION.matcher(attribute.path()).replaceFirst("/sys/bus/pci/devices/$1/");
    }

    @Override
    public void close() {
      descriptors.close();
      memory.close();
    }
  }

  /** Compares two answers. */
  static Optional<ReplayDifference> answer(int line, String call, long recorded, long now) {
    if (recorded < 0 || now < 0) {
      return errno(line, call, recorded, now);
    }
    return recorded == now
        ? Optional.empty()
        : Optional.of(
            new ReplayDifference(
                line, call, "result", Long.toString(recorded), Long.toString(now)));
  }

  /** Compares two answers of which not the values count, but whether they are errors. */
  static Optional<ReplayDifference> errno(int line, String call, long recorded, long now) {
    String before = recorded < 0 ? Errno.name((int) recorded) : "success";
    String after = now < 0 ? Errno.name((int) now) : "success";
    return before.equals(after)
        ? Optional.empty()
        : Optional.of(new ReplayDifference(line, call, "errno", before, after));
  }
}
