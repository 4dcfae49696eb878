// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import io.iommufd4j.linux.HostFile;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** The files that programs share pages of: one object for each, by device and inode. */
public final class SharedFiles {

  private static final int O_RDWR = 2;
  private static final int O_RDONLY = 0;

  /**
   * A file.
   *
   * @param device as {@code statx} tells it
   */
  private record Key(long device, long inode) {}

  private final ThreadBuffers buffers;
  private final int self = (int) ProcessHandle.current().pid();
  private final Map<Key, SharedFile> files = new HashMap<>();

  /** Files that a call of a thread was led to, and holds until it is over. */
  @SuppressWarnings("ThreadLocalUsage") // Of one supervisor's threads.
  private final ThreadLocal<List<SharedFile>> leases = ThreadLocal.withInitial(ArrayList::new);

  SharedFiles(ThreadBuffers buffers) {
    this.buffers = buffers;
  }

  /** A file that a process has mapped; null when the host does not let it be opened. */
  @Nullable SharedFile mapped(int pid, HostMaps.Line line) {
    return of(() -> {
      String path = "/proc/%d/map_files/%x-%x".formatted(pid, line.start(), line.end());
      int fd = HostFile.open(path, O_RDWR);
      return fd >= 0 ? fd : HostFile.open(path, O_RDONLY);
    });
  }

  /** The file of a descriptor here, which stays the caller's. */
  @Nullable SharedFile of(int descriptor) {
    return of(() -> HostFile.open("/proc/self/fd/" + descriptor, O_RDWR));
  }

  private synchronized @Nullable SharedFile of(IntSupplier opener) {
    int fd = opener.getAsInt();
    if (fd < 0) {
      return null;
    }
    ThreadBuffers.Set own = buffers.get();
    own.name.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
    long inode = HostFile.inode(fd, own.name, own.statistics);
    var key = new Key(HostFile.device(own.statistics), inode);
    SharedFile known = files.get(key);
    if (known != null) {
      HostFile.close(fd);
      return leased(known);
    }
    var file = new SharedFile(fd, self, buffers, () -> files.remove(key), this);
    files.put(key, file);
    return leased(file);
  }

  private SharedFile leased(SharedFile file) {
    file.hold();
    leases.get().add(file);
    return file;
  }

  /** The call of this thread is over: what nobody holds for longer is closed. */
  void endCall() {
    List<SharedFile> held = leases.get();
    if (!held.isEmpty()) {
      held.forEach(SharedFile::drop);
      held.clear();
    }
  }
}
