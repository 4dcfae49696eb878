// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.file.Witness;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.RequestFaults;
import io.iommufd4j.sim.lib.Refused;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells what programs ask of a simulated kernel, as {@link TracedTasks} does of a real one, and
 * lets requests fail.
 */
public final class SupervisedCalls implements Witness {

  private static final int MOST_TEXT = 256;

  /** The most bytes of a transfer that are kept. */
  private static final long MOST_BYTES = 1L << 20;

  private final ProgramFiles files;
  private final RequestFaults faults;
  private final Consumer<TracedCall> told;
  private final Consumer<RecordedEvent> recorded;
  private final DevicePaths paths;
  private final RequestRecorder requests = new RequestRecorder(KernelIdentity.SIM);
  private final SupervisedMappings mappings;
  private final Map<Opened, Integer> numbers = new ConcurrentHashMap<>();
  private final Map<Integer, RecordedEvent.By> users = new ConcurrentHashMap<>();
  private final AtomicInteger last = new AtomicInteger(RecordedEvent.NO_FILE);

  /**
   * Sees the calls of programs.
   *
   * @param files of the programs
   * @param sysfs root of the machine's
   * @param faults the requests that fail
   * @param told gets each request before the program has its answer; one at a time
   * @param recorded gets each event of a recording; one at a time
   */
  public SupervisedCalls(
      ProgramFiles files,
      Path sysfs,
      RequestFaults faults,
      Consumer<TracedCall> told,
      Consumer<RecordedEvent> recorded) {
    this.files = files;
    this.faults = faults;
    this.told = told;
    this.recorded = recorded;
    paths = new DevicePaths(sysfs);
    mappings = new SupervisedMappings(this::mapped);
  }

  /** A thread of a program. */
  private record Supervised(SupervisedCalls calls, Program program, RecordedEvent.By by)
      implements Caller {

    @Override
    public int file(int fd) {
      Opened opened = opened(fd);
      return opened == null
          ? RecordedEvent.NO_FILE
          : calls.numbers.getOrDefault(opened, RecordedEvent.NO_FILE);
    }

    @Override
    public int newFile(int fd, RecordedKind kind) {
      Opened opened = opened(fd);
      return opened == null ? calls.last.incrementAndGet() : calls.number(opened, kind, by);
    }

    @Override
    public String name(int fd) {
      Opened opened = opened(fd);
      return opened == null ? TracedFiles.name(by.pid(), fd) : SupervisedCalls.name(opened);
    }

    private @Nullable Opened opened(int fd) {
      return calls.files.opened().at(program, fd);
    }
  }

  private static String name(Opened opened) {
    return opened.path().isEmpty() ? opened.file().shownAs() : opened.path();
  }

  private int number(Opened opened, RecordedKind kind, RecordedEvent.By by) {
    int file = numbers.computeIfAbsent(opened, _ -> last.incrementAndGet());
    requests.opened(file, kind);
    users.put(file, by);
    return file;
  }

  private synchronized void record(RecordedEvent event) {
    recorded.accept(event);
  }

  private synchronized void tell(TracedCall call) {
    told.accept(call);
  }

  /** The result of a call, −errno where it was refused, and how long it took. */
  private record Done(long result, long nanos) {

    static Done by(LongSupplier work) {
      long before = System.nanoTime();
      long result;
      try {
        result = work.getAsLong();
      } catch (Refused refused) {
        result = refused.errno().negated();
      }
      return new Done(result, System.nanoTime() - before);
    }
  }

  @Override
  public long call(
      SystemCall which, SeccompListener call, Program program, Opened opened, LongSupplier work) {
    var by = new RecordedEvent.By(program.pid(), call.thread());
    mappings.settle(by);
    var caller = new Supervised(this, program, by);
    return switch (which) {
      case IOCTL -> request(caller, call, work);
      case WRITE, PWRITE64 -> write(which, caller, call, opened, work);
      case READ, PREAD64 -> read(which, caller, call, opened, work);
      default -> work.getAsLong();
    };
  }

  private long request(Supervised caller, SeccompListener call, LongSupplier work) {
    RequestRecorder.Begun begun =
        requests.begin(caller, (int) call.argument(0), (int) call.argument(1), call.argument(2));
    Optional<Errno> fault = begun.request().request().flatMap(faults::count);
    Done done = Done.by(fault.isPresent() ? fault.get()::negated : work);
    RequestRecorder.Ended ended = requests.end(caller, begun, done.result(), done.nanos());
    record(fault.isPresent() ? ended.event().asFault() : ended.event());
    tell(ended.call());
    return done.result();
  }

  private long write(
      SystemCall which, Supervised caller, SeccompListener call, Opened opened, LongSupplier work) {
    String name = name(opened);
    boolean attribute = TraceRecorder.isAttribute(name);
    if (!attribute && !numbers.containsKey(opened)) {
      return work.getAsLong();
    }
    byte[] data = bytes(caller, call, attribute ? MOST_TEXT : MOST_BYTES);
    Done done = Done.by(work);
    if (attribute) {
      String text = new String(data, StandardCharsets.UTF_8);
      record(new RecordedEvent.Attribute(caller.by(), name, text, done.result(), done.nanos()));
    } else {
      transfer(which, caller, call, opened, data, done);
    }
    return done.result();
  }

  private long read(
      SystemCall which, Supervised caller, SeccompListener call, Opened opened, LongSupplier work) {
    if (!numbers.containsKey(opened)) {
      return work.getAsLong();
    }
    Done done = Done.by(work);
    long bytes = Math.min(done.result(), MOST_BYTES);
    transfer(
        which, caller, call, opened, bytes <= 0 ? new byte[0] : bytes(caller, call, bytes), done);
    return done.result();
  }

  private static byte[] bytes(Supervised caller, SeccompListener call, long most) {
    return RequestRecorder.bytes(caller, call.argument(1), Math.min(call.argument(2), most));
  }

  private void transfer(
      SystemCall which,
      Supervised caller,
      SeccompListener call,
      Opened opened,
      byte[] data,
      Done done) {
    boolean positioned = which == SystemCall.PREAD64 || which == SystemCall.PWRITE64;
    boolean writes = which == SystemCall.WRITE || which == SystemCall.PWRITE64;
    record(
        new RecordedEvent.Transfer(
            caller.by(),
            (positioned ? "p" : "") + (writes ? "write" : "read"),
            numbers.getOrDefault(opened, RecordedEvent.NO_FILE),
            positioned ? call.argument(3) : -1,
            Math.min(call.argument(2), MOST_BYTES),
            data,
            done.result(),
            done.nanos()));
  }

  @Override
  public long open(SeccompListener call, String path, int flags, LongSupplier work) {
    RecordedKind kind = RecordedKind.of(path);
    if (kind == null) {
      return work.getAsLong();
    }
    var by = new RecordedEvent.By(files.programs().processOf(call.thread()), call.thread());
    mappings.settle(by);
    Done done = Done.by(work);
    int file = RecordedEvent.NO_FILE;
    if (done.result() >= 0) {
      Program program = files.programs().find(by.pid());
      Opened opened = program == null ? null : files.opened().at(program, (int) done.result());
      if (opened == null) {
        return done.result(); // Another thread has closed it at once.
      }
      file = number(opened, kind, by);
    }
    record(
        new RecordedEvent.Open(
            by, path, paths.device(kind, path), flags, file, kind, done.result(), done.nanos()));
    return done.result();
  }

  @Override
  public void maps(SeccompListener call, Program program, Opened opened, long refused) {
    Integer file = numbers.get(opened);
    if (file == null) {
      return;
    }
    var by = new RecordedEvent.By(program.pid(), call.thread());
    mappings.settle(by);
    var mapping =
        new RecordedEvent.Mmap(
            by,
            file,
            call.argument(1),
            (int) call.argument(2),
            (int) call.argument(3),
            call.argument(5),
            refused,
            0);
    if (refused < 0) {
      record(mapping);
    } else {
      mappings.begun(mapping, opened.standIn().inode());
    }
  }

  /** A mapping has been made. */
  private void mapped(RecordedEvent.Mmap made) {
    requests.mapped(made.by().pid(), made.result(), made.bytes(), made.file(), made.offset());
    record(made);
  }

  @Override
  public void released(Opened opened) {
    Integer file = numbers.remove(opened);
    if (file != null) {
      RecordedEvent.By by = users.remove(file);
      mappings.forget(file);
      requests.closed(file);
      record(new RecordedEvent.Close(by == null ? new RecordedEvent.By(0, 0) : by, file));
    }
  }
}
