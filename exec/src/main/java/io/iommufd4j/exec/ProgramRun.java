// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.attach.AttachException;
import io.iommufd4j.exec.attach.OfferedKernel;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.trace.SupervisedCalls;
import io.iommufd4j.exec.trace.TracedCall;
import io.iommufd4j.linux.Child;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.RequestFaults;
import io.iommufd4j.sim.SimKernel;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program, and all that it starts, on a simulated kernel. What it asks of iommufd and VFIO
 * is answered by that kernel, everything else by the host's, which has to be a Linux of 5.14 or
 * newer with seccomp user notification. It takes no privileges.
 */
public final class ProgramRun {

  private final SimKernel kernel;
  private final PrintStream err;
  private @Nullable Path socket;
  private RequestFaults faults = new RequestFaults();
  private @Nullable Consumer<TracedCall> told;
  private @Nullable Consumer<RecordedEvent> recorded;
  private boolean seen;

  /**
   * Runs on a kernel.
   *
   * @param kernel shared by all that runs on it
   * @param err is told of mistakes of the supervisor
   */
  public ProgramRun(SimKernel kernel, PrintStream err) {
    this.kernel = kernel;
    this.err = err;
  }

  /**
   * Offers the kernel to other processes of this user while a program runs: {@link AttachedRun}
   * brings further programs to it. They end with the first one.
   *
   * @param socket the path of a Unix socket, which is made, and removed at the end
   * @return this
   */
  public ProgramRun offerAt(Path socket) {
    this.socket = socket;
    return this;
  }

  /**
   * Tells every request that the programs make, of attached ones too.
   *
   * @param calls gets each before the program has its answer, one at a time
   * @return this
   */
  public ProgramRun tracing(Consumer<TracedCall> calls) {
    told = calls;
    seen = true;
    return this;
  }

  /**
   * Tells what a recording has, of attached programs too. Under {@code Replay} it shows no
   * difference on such a kernel.
   *
   * @param events gets each before the program has its answer, one at a time
   * @return this
   */
  public ProgramRun recording(Consumer<RecordedEvent> events) {
    recorded = events;
    seen = true;
    return this;
  }

  /**
   * Lets requests of the programs fail, of attached ones too.
   *
   * @param requests counted over all programs
   * @return this
   */
  public ProgramRun failing(RequestFaults requests) {
    faults = requests;
    seen = true;
    return this;
  }

  /**
   * Runs a program to its end, with this process' standard streams, environment, directory and
   * process group.
   *
   * @param command the program, looked for in {@code PATH} when it has no slash, and its arguments
   * @return its exit status, or 128 + the signal that ended it
   * @throws NotStartedException when it cannot be started, or not be supervised, or the kernel not
   *     be offered
   */
  public int run(List<String> command) {
    SupervisorRights.check();
    try (var termination = new Termination();
        var supervisor = new Supervisor(kernel, err, this::see);
        OfferedKernel offered = offer(supervisor)) {
      var starting = Starting.of(command, supervisor.first(), supervisor.guard()::add);
      supervisor.supervise(starting.listener());
      starting.pid();
      if (offered == null) {
        supervisor.startGuard();
      }
      return starting.await(supervisor.guard(), termination);
    } catch (AttachException refused) {
      throw NotStartedException.unattached(refused);
    }
  }

  private void see(ProgramFiles files) {
    if (seen) {
      Consumer<TracedCall> calls = told == null ? call -> {} : told;
      Consumer<RecordedEvent> events = recorded == null ? event -> {} : recorded;
      files.seenBy(new SupervisedCalls(files, kernel.sysfs(), faults, calls, events));
    }
  }

  private @Nullable OfferedKernel offer(Supervisor supervisor) throws AttachException {
    if (socket == null) {
      return null;
    }
    supervisor.startGuard();
    return OfferedKernel.at(socket, supervisor);
  }

  /**
   * Does ahead what every run needs and takes some 30 ms. A program that has other work before,
   * such as reading its arguments, lets a thread of its own call it.
   */
  public static void prepare() {
    SystemCall.link();
  }

  /**
   * Leaves interrupts to the program, as a shell does that waits for one: they reach the whole
   * process group, and what the program makes of them is what counts.
   */
  public static void leaveInterrupts() {
    Child.ignoreInterrupts();
  }
}
