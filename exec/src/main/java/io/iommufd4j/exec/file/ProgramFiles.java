// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.exec.process.Program;
import io.iommufd4j.exec.process.Programs;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.OutsideProcesses;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The programs that use simulated files, and what they have open of them. */
public final class ProgramFiles {

  private static final int RLIMIT_NOFILE = 7;
  private static final int O_CLOEXEC = 02000000;

  /** The number that descriptors are given from on, where the limit leaves room for it. */
  private static final int FIRST = 512;

  private final OutsideProcesses kernel;
  private final Programs programs;
  private final KnownDescriptors known;
  private final OpenedFiles opened;
  private final HostFiles host;
  private final CurrentCall current = new CurrentCall();
  private @Nullable Witness witness;
  private volatile IntConsumer whenStarted = pid -> {};
  private volatile IntConsumer whenEnded = pid -> {};
  private volatile boolean ended;
  private final Map<Program, Descriptors> descriptors = new ConcurrentHashMap<>();
  private final int first;

  /** No programs as yet. */
  public ProgramFiles(OutsideProcesses kernel) {
    this.kernel = kernel;
    long limit = HostFile.limit(0, RLIMIT_NOFILE);
    this.first = limit > 2 * FIRST ? FIRST : (int) (limit / 2);
    this.known = new KnownDescriptors(first);
    this.opened = new OpenedFiles(kernel.files(), known, this::ended);
    this.programs = new Programs(kernel, opened::registers, this::forget);
    this.host = new HostFiles(kernel.pins());
    kernel.wakeups().onWake(opened::wake);
  }

  /** {@return the number from which on descriptors of simulated files are given} */
  public int first() {
    return first;
  }

  /** {@return the simulated kernel's processes} */
  public OutsideProcesses kernel() {
    return kernel;
  }

  /** {@return the programs by number} */
  public Programs programs() {
    return programs;
  }

  /** {@return the files} */
  public OpenedFiles opened() {
    return opened;
  }

  /**
   * Tells of the processes that use simulated files.
   *
   * @param started gets the number of each new one
   * @param ended gets the number of each that has ended
   */
  public void watch(IntConsumer started, IntConsumer ended) {
    whenStarted = started;
    whenEnded = ended;
  }

  /** Sets who sees the calls, before the first one. */
  public void seenBy(Witness sees) {
    witness = sees;
    opened.seenBy(sees);
  }

  /** {@return who sees the calls; null for nobody} */
  public @Nullable Witness witness() {
    return witness;
  }

  /** No call is answered any more. */
  public void end() {
    ended = true;
    opened.interrupt();
  }

  /** {@return whether {@link #end} was called} */
  public boolean ended() {
    return ended;
  }

  /** Releases what is left, also of processes that outlive the first one. */
  public void close() {
    opened.close();
    programs.close();
  }

  private void ended(long pid) {
    whenEnded.accept((int) pid);
    Program program = programs.known((int) pid);
    if (program != null) {
      programs.exited(program);
    }
  }

  private void forget(Program ended) {
    descriptors.remove(ended);
    known.end(ended);
  }

  /** Sets the call that this thread is about to answer. */
  public void answers(SeccompListener call) {
    current.set(call);
    known.goesOn(call.thread());
  }

  /**
   * A program's descriptors of some numbers are about to be closed or replaced by a call.
   *
   * @param from the first number
   * @param to the last number
   */
  public void change(SeccompListener call, int from, int to) {
    int pid = programs.processOf(call.thread());
    // Another process may have the table of descriptors together with a program.
    known.change(programs.known(pid) == null ? 0 : pid, call.thread(), from, to);
  }

  /**
   * The program of the thread that makes a call, which is about to use a simulated file.
   *
   * @return null when it is gone
   */
  public @Nullable Program newCaller(SeccompListener call) {
    int pid = programs.processOf(call.thread());
    return pid < 0 ? null : programs.start(pid, this::descriptors, this::watch);
  }

  private void watch(Program program, int pidfd) {
    opened.watchProcess(pidfd, program.pid());
    whenStarted.accept(program.pid());
  }

  private Descriptors descriptors(Program program) {
    return descriptors.computeIfAbsent(
        program, its -> new Descriptors(its, opened, host, current, first));
  }

  /**
   * Answers a call by what the kernel does with a file: {@code EBADF} when its last descriptor has
   * just been closed.
   *
   * @param which the call
   * @param program makes it
   * @param work on the file, which stays open meanwhile
   */
  public void answer(
      SystemCall which, Program program, SeccompListener call, Opened opened, LongSupplier work) {
    if (!kernel.files().retain(opened.file())) {
      call.answer(Errno.EBADF.negated());
      return;
    }
    long result =
        kernel.call(
            program.process(),
            call.thread(),
            () -> {
              try {
                return witness == null
                    ? work.getAsLong()
                    : witness.call(which, call, program, opened, work);
              } finally {
                kernel.files().drop(opened.file());
              }
            });
    this.opened.showReadiness();
    call.answer(result);
  }

  /**
   * Opens a file of the kernel for a program, within a call of the program's.
   *
   * @param path absolute
   * @param flags {@code O_*}
   * @return the descriptor that it got; or −errno: {@code ENOENT} when it is gone
   * @throws Refused as {@code open(2)} does
   */
  public int open(Program program, SeccompListener call, String path, int flags) {
    return give(program, call, kernel.open(path, flags), path, flags, new byte[0]);
  }

  /**
   * Gives a program an open file, within a call of the program's.
   *
   * @param file with one reference, which is dropped when the program does not get it
   * @param path absolute
   * @param flags {@code O_*}
   * @param content of what stands in for it, for calls that the supervisor is not told of
   * @return the descriptor that it got; or −errno: {@code ENOENT} when it is gone
   * @throws Refused as {@code open(2)} does
   */
  public int give(
      Program program,
      SeccompListener call,
      OpenFile file,
      String path,
      int flags,
      byte[] content) {
    Descriptors its = descriptors(program);
    int fd;
    try {
      fd = its.reserve(file);
    } catch (Refused refused) {
      kernel.files().drop(file);
      throw refused;
    }
    try {
      Opened added = opened.add(file, path, flags);
      added.standIn().fill(content);
      int given = call.give(opened.give(added), fd, (flags & O_CLOEXEC) != 0);
      opened.given(added);
      return given;
    } finally {
      its.cancel(fd);
    }
  }
}
