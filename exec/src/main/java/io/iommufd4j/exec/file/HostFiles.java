// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.exec.process.Program;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.mm.OutsideMemory.SharedPages;
import io.iommufd4j.sim.mm.OutsidePins;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Files of the host's that programs name in requests: eventfds and memory. */
final class HostFiles {

  private static final long TMPFS = 0x01021994;
  private static final long HUGETLBFS = 0x958458f6L;
  private static final long ANONYMOUS = 0x09041934;

  private static final String EVENTFD_ID = "eventfd-id:";

  /** Any other file. */
  private static final class Other implements FileTable.Foreign {}

  private final OutsidePins pins;
  private final Cleaner cleaner = Cleaner.create();

  /** By the number that the kernel gives each. */
  private final Map<String, WeakReference<HostEventFd>> eventFds = new HashMap<>();

  HostFiles(OutsidePins pins) {
    this.pins = pins;
  }

  /** The file of a descriptor; null when it is closed. */
  @Nullable OpenFile find(Program program, int fd) {
    int own = program.take(fd);
    if (own < 0) {
      return null;
    }
    boolean kept = false;
    try {
      long kind = HostFile.fileSystem(own);
      if (kind == TMPFS || kind == HUGETLBFS) {
        SharedPages pages = program.pages(own);
        return pages == null ? new Other() : new HostMemoryFile(pages, pins);
      }
      String id = kind == ANONYMOUS ? eventFdId(own) : "";
      if (id.isEmpty()) {
        return new Other();
      }
      HostEventFd event = eventFd(id, own);
      kept = event != null;
      return kept ? event : known(id);
    } finally {
      if (!kept) {
        HostFile.close(own);
      }
    }
  }

  private static String eventFdId(int fd) {
    try (var lines = Files.lines(Path.of("/proc/self/fdinfo/" + fd))) {
      return lines.filter(line -> line.startsWith(EVENTFD_ID)).findFirst().orElse("");
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }

  private synchronized @Nullable HostEventFd known(String id) {
    WeakReference<HostEventFd> reference = eventFds.get(id);
    return reference == null ? null : reference.get();
  }

  /** A new one; null when there is one already, and the descriptor is not needed. */
  private synchronized @Nullable HostEventFd eventFd(String id, int own) {
    if (known(id) != null) {
      return null;
    }
    eventFds.values().removeIf(reference -> reference.get() == null);
    var event = new HostEventFd(own);
    cleaner.register(event, () -> HostFile.close(own));
    eventFds.put(id, new WeakReference<>(event));
    return event;
  }
}
