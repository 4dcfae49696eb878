// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.SysfsWrite;
import io.iommufd4j.kernel.SysfsWriter;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class WatchedWritesTest {

  private static final SysfsWrite UNBIND =
      new SysfsWrite(Path.of("/sys/bus/pci/drivers/vfio-pci/unbind"), "0000:01:00.0");

  /** Takes its time for the first write. */
  private static final class SlowWriter implements SysfsWriter {

    private final List<SysfsWrite> begun = new ArrayList<>();
    private int glances;

    @Override
    public void begin(SysfsWrite write) {
      begun.add(write);
    }

    @Override
    public OptionalInt await(Duration time) {
      return glances++ == 0 ? OptionalInt.empty() : OptionalInt.of(0);
    }

    @Override
    public void undo(List<SysfsWrite> writes) {}

    @Override
    public String whereabouts() {
      return "";
    }

    @Override
    public void leave() {
      throw new AssertionError("not to be given up");
    }

    @Override
    public void close() {}
  }

  /** The files that show holders may go while a physical function's virtual ones do. */
  @Test
  void holderThatCannotBeReadAnyMoreIsNoReasonToStop() {
    var writer = new SlowWriter();
    var kernel =
        (Kernel)
            Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (_, _, _) -> writer);
    try (var writes =
        new WatchedWrites(
            kernel,
            Patience.DEFAULT,
            () -> {
              throw new HostException("read /sys/class/vfio/12/dev", Errno.EIO, "No such device");
            })) {
      writes.write(UNBIND, WatchedWrites.Hints.NONE);
      assertFalse(writes.stuck());
    }
    assertEquals(List.of(UNBIND), writer.begun);
  }
}
