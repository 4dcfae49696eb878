// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.attach.AttachException;
import io.iommufd4j.exec.attach.AttachedKernel;
import io.iommufd4j.linux.Child;
import io.iommufd4j.linux.HostFile;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs a program, and all that it starts, on the simulated kernel of another process, which offers
 * it by {@link ProgramRun#offerAt}: it answers what this program asks, beside its own. The program
 * is this process' child all the same, and ends with the kernel.
 */
public final class AttachedRun {

  private static final int RLIMIT_NOFILE = 7;
  private static final int SIGTERM = 15;
  private static final int SIGKILL = 9;

  /** The time that a program has to end by itself when its kernel ends. */
  private static final long END_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Path socket;

  /**
   * Runs on the kernel that is offered at a socket.
   *
   * @param socket this user's
   */
  public AttachedRun(Path socket) {
    this.socket = socket;
  }

  /**
   * Runs a program to its end; as {@link ProgramRun#run}. When the kernel ends before, the program
   * is told to end by {@code SIGTERM}, and is killed two seconds later.
   *
   * @param command the program, looked for in {@code PATH} when it has no slash, and its arguments
   * @return its exit status, or 128 + the signal that ended it
   * @throws NotStartedException when no kernel is offered, or the program cannot be started there
   */
  public int run(List<String> command) {
    try (var termination = new Termination();
        var kernel = AttachedKernel.at(socket)) {
      long limit = HostFile.limit(0, RLIMIT_NOFILE);
      if (limit <= kernel.first()) {
        throw NotStartedException.fewDescriptors(limit, kernel.first());
      }
      return run(command, kernel, termination);
    } catch (AttachException refused) {
      throw NotStartedException.unattached(refused);
    }
  }

  private static int run(List<String> command, AttachedKernel kernel, Termination termination)
      throws AttachException {
    var guard = new Guard();
    guard.start();
    try {
      var starting = Starting.of(command, kernel.first(), guard::add);
      int listener = starting.listener();
      try {
        kernel.supervise(listener);
      } finally {
        // With the kernel's owner it has an end then, which lets no call wait for ever.
        HostFile.close(listener);
      }
      endWith(kernel, starting.pid());
      return starting.await(guard, termination);
    } finally {
      guard.end();
    }
  }

  private static void endWith(AttachedKernel kernel, int pid) {
    Thread.ofPlatform()
        .daemon()
        .name("kernel")
        .start(() -> {
          if (kernel.awaitEnd()) {
            Child.kill(pid, SIGTERM);
            LockSupport.parkNanos(END_NANOS);
            if (!kernel.closed()) {
              Child.kill(pid, SIGKILL);
            }
          }
        });
  }
}
