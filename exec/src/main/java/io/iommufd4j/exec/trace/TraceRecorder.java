// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.linux.Ptrace;
import io.iommufd4j.linux.SystemCall;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Records what traced programs do with files of iommufd and VFIO, on the host's own kernel. */
final class TraceRecorder {

  /** {@code _IOC_TYPE} of iommufd's and VFIO's requests. */
  private static final int REQUESTS = ';';

  private static final int MOST_PATH = 256;

  /** The most bytes of a transfer that are kept. */
  private static final long MOST_BYTES = 1L << 20;

  private final Consumer<RecordedEvent> recorded;
  private final RequestRecorder requests = new RequestRecorder(KernelIdentity.NATIVE);
  private final TracedFiles files = new TracedFiles();
  private final DevicePaths paths = new DevicePaths(Path.of("/sys"));

  TraceRecorder(Consumer<RecordedEvent> recorded) {
    this.recorded = recorded;
  }

  /** True for an attribute of a PCI function or driver, whose writes are recorded. */
  static boolean isAttribute(String name) {
    // On arm64 a host bridge is a platform device.
    return name.startsWith("/sys/bus/pci/")
        || (name.startsWith("/sys/devices/") && name.contains("/pci"));
  }

  /** A call that has not returned: told its result, and its time in nanoseconds. */
  @FunctionalInterface
  interface Begun {
    /** It has returned; for requests, what a trace shows. */
    @Nullable TracedCall ended(long result, long nanos);
  }

  /** A thread, as it is at this moment. */
  private record Traced(TraceRecorder recorder, RecordedEvent.By by) implements Caller {

    @Override
    public int file(int fd) {
      return recorder.files.at(by.pid(), fd, (file, kind) -> recorder.found(by, fd, file, kind));
    }

    @Override
    public int newFile(int fd, RecordedKind kind) {
      int file = recorder.files.opened(by.pid(), fd);
      recorder.requests.opened(file, kind);
      return file;
    }

    @Override
    public String name(int fd) {
      return TracedFiles.name(by.pid(), fd);
    }
  }

  private void found(RecordedEvent.By by, int fd, int file, RecordedKind kind) {
    requests.opened(file, kind);
    String path = TracedFiles.name(by.pid(), fd);
    recorded.accept(
        new RecordedEvent.Open(by, path, paths.device(kind, path), 2, file, kind, fd, 0));
  }

  /** A thread has ended. */
  void ended(int thread) {
    files.ended(thread);
  }

  /** A thread is there, or still there. */
  void seen(int thread) {
    files.process(thread);
  }

  /** All have ended. */
  void finish() {
    settle();
  }

  private void settle() {
    files.settle((file, pid) -> {
      requests.closed(file);
      recorded.accept(new RecordedEvent.Close(new RecordedEvent.By(pid, pid), file));
    });
  }

  /** A thread is about to make the call that was just looked at; null for one of no interest. */
  @Nullable Begun begin(int thread, Ptrace call) {
    SystemCall which = SystemCall.of(call.number());
    if (which == null) {
      return null;
    }
    var by = new RecordedEvent.By(files.process(thread), thread);
    var caller = new Traced(this, by);
    return switch (which) {
      case IOCTL -> {
        int number = (int) call.argument(1);
        if ((number & 0xff00) != REQUESTS << Byte.SIZE) {
          yield null;
        }
        settle();
        yield request(caller, (int) call.argument(0), number, call.argument(2));
      }
      case OPEN, CREAT -> open(caller, call.argument(0), (int) call.argument(1));
      case OPENAT -> open(caller, call.argument(1), (int) call.argument(2));
      case OPENAT2 -> open(caller, call.argument(1), 0);
      case MMAP -> mmap(caller, call);
      case READ, WRITE, PREAD64, PWRITE64 -> transfer(caller, which, call);
      default -> null;
    };
  }

  private Begun request(Traced caller, int fd, int number, long argument) {
    RequestRecorder.Begun begun = requests.begin(caller, fd, number, argument);
    return (result, nanos) -> {
      RequestRecorder.Ended ended = requests.end(caller, begun, result, nanos);
      recorded.accept(ended.event());
      return ended.call();
    };
  }

  private Begun open(Traced caller, long path, int flags) {
    return (result, nanos) -> {
      String name = result < 0 ? path(caller, path) : caller.name((int) result);
      RecordedKind kind = RecordedKind.of(name);
      if (kind != null) {
        // First the new one: else its descriptor might be taken for a copy of an older file's.
        int file = result < 0 ? RecordedEvent.NO_FILE : caller.newFile((int) result, kind);
        settle();
        Optional<String> device = paths.device(kind, name);
        recorded.accept(
            new RecordedEvent.Open(caller.by(), name, device, flags, file, kind, result, nanos));
      }
      return null;
    };
  }

  private static String path(Traced caller, long address) {
    // Up to the end of a page: behind it there may be nothing.
    long most = Math.min(MOST_PATH, 4096 - (address & 4095));
    byte[] bytes = RequestRecorder.bytes(caller, address, most);
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private @Nullable Begun transfer(Traced caller, SystemCall which, Ptrace call) {
    int fd = (int) call.argument(0);
    String name = caller.name(fd);
    boolean write = which == SystemCall.WRITE || which == SystemCall.PWRITE64;
    long address = call.argument(1);
    long count = call.argument(2);
    if (write && isAttribute(name)) {
      settle();
      byte[] text = RequestRecorder.bytes(caller, address, Math.min(count, MOST_PATH));
      return (result, nanos) -> {
        String written = new String(text, StandardCharsets.UTF_8);
        recorded.accept(new RecordedEvent.Attribute(caller.by(), name, written, result, nanos));
        return null;
      };
    }
    if (RecordedKind.of(name) == null) {
      return null;
    }
    settle();
    int file = caller.file(fd);
    boolean positioned = which == SystemCall.PREAD64 || which == SystemCall.PWRITE64;
    long offset = positioned ? call.argument(3) : -1;
    byte[] out =
        write ? RequestRecorder.bytes(caller, address, Math.min(count, MOST_BYTES)) : new byte[0];
    String told =
        switch (which) {
          case READ -> "read";
          case WRITE -> "write";
          case PREAD64 -> "pread";
          default -> "pwrite";
        };
    return (result, nanos) -> {
      byte[] data =
          write || result <= 0
              ? out
              : RequestRecorder.bytes(caller, address, Math.min(result, MOST_BYTES));
      recorded.accept(
          new RecordedEvent.Transfer(
              caller.by(), told, file, offset, Math.min(count, MOST_BYTES), data, result, nanos));
      return null;
    };
  }

  private @Nullable Begun mmap(Traced caller, Ptrace call) {
    int fd = (int) call.argument(4);
    if (fd < 0 || RecordedKind.of(caller.name(fd)) == null) {
      return null;
    }
    settle();
    int file = caller.file(fd);
    long bytes = call.argument(1);
    int protection = (int) call.argument(2);
    int flags = (int) call.argument(3);
    long offset = call.argument(5);
    return (result, nanos) -> {
      if (result >= 0) {
        requests.mapped(caller.by().pid(), result, bytes, file, offset);
      }
      recorded.accept(
          new RecordedEvent.Mmap(
              caller.by(), file, bytes, protection, flags, offset, result, nanos));
      return null;
    };
  }
}
