// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.ProcessFacts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel that shows its release, a process, a sysfs and the procfs beside, and serves no more.
 */
final class ShownKernel {

  private final Path proc;
  private final List<byte[]> opened = new ArrayList<>();

  private ShownKernel(Path proc) {
    this.proc = proc;
  }

  static Kernel of(String release, ProcessFacts process, Path sysfs) {
    var shown = new ShownKernel(sysfs.resolveSibling("proc"));
    return (Kernel)
        Proxy.newProxyInstance(
            ShownKernel.class.getClassLoader(),
            new Class<?>[] {Kernel.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "identity" -> new KernelIdentity(KernelIdentity.NATIVE, release, "");
                  case "process" -> process;
                  case "sysfs" -> sysfs;
                  case "open" -> shown.open((String) arguments[0]);
                  case "read" -> shown.read((int) arguments[0], (MemorySegment) arguments[1]);
                  case "close" -> 0;
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private int open(String path) {
    Path file = proc.resolve(Path.of("/proc").relativize(Path.of(path)));
    if (!Files.exists(file)) {
      return Errno.ENOENT.negated();
    }
    try {
      opened.add(Files.readAllBytes(file));
      return opened.size() - 1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long read(int fd, MemorySegment buffer) {
    byte[] text = opened.set(fd, new byte[0]);
    MemorySegment.copy(MemorySegment.ofArray(text), 0, buffer, 0, text.length);
    return text.length;
  }
}
