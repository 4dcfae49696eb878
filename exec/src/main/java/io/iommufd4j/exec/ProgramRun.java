// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.call.SystemCalls;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.view.FileView;
import io.iommufd4j.exec.view.MachineFiles;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.Child;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.SeccompFilter;
import io.iommufd4j.linux.Spawn;
import io.iommufd4j.sim.SimKernel;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Runs a program, and all that it starts, on a simulated kernel. What it asks of iommufd and VFIO
 * is answered by that kernel, everything else by the host's, which has to be a Linux of 5.14 or
 * newer with seccomp user notification. It takes no privileges.
 */
public final class ProgramRun {

  private static final int SIGTERM = 15;

  private final SimKernel kernel;
  private final PrintStream err;

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
   * Runs a program to its end, with this process' standard streams, environment, directory and
   * process group.
   *
   * @param command the program, looked for in {@code PATH} when it has no slash, and its arguments
   * @return its exit status, or 128 + the signal that ended it
   * @throws NotStartedException when it cannot be started, or not be supervised
   */
  public int run(List<String> command) {
    var files = new ProgramFiles(kernel.outside());
    FileView view = new MachineFiles(kernel, new RunningPrograms(files));
    var calls = new SystemCalls(files, view);
    var started = new CompletableFuture<Integer>();
    var supervised = new CompletableFuture<Integer>();
    var spawn = new Spawn(command);
    Thread.ofPlatform()
        .daemon()
        .name("starts " + command.getFirst())
        .start(() -> start(calls.filter(), spawn, supervised, started));
    int listener = get(supervised);
    if (listener < 0) {
      throw NotStartedException.unsupervised(listener);
    }
    var workers = new Workers(listener, calls, err);
    workers.start();
    var settling = new Thread(() -> settle(files), "releases");
    settling.setDaemon(true);
    settling.start();
    var guard = new Guard();
    try {
      int pid = get(started);
      if (pid < 0) {
        throw NotStartedException.of(command.getFirst(), Errno.name(pid));
      }
      return await(pid, guard, files);
    } finally {
      workers.end();
      files.end();
      join(settling);
      files.close();
      guard.end();
      HostFile.close(listener);
    }
  }

  /** Waits for the program's end; when this process is told to end, so is the program. */
  private static int await(int pid, Guard guard, ProgramFiles files) {
    var told = new Thread(() -> Child.kill(pid, SIGTERM), "ends the program");
    Runtime.getRuntime().addShutdownHook(told);
    try {
      guard.start();
      guard.add(pid);
      files.watch(guard::add, guard::remove);
      return Child.await(pid);
    } finally {
      guard.remove(pid);
      unhook(told);
    }
  }

  private static void unhook(Thread told) {
    try {
      Runtime.getRuntime().removeShutdownHook(told);
    } catch (IllegalStateException ending) {
      // Then the program has been told.
    }
  }

  /**
   * Leaves interrupts to the program, as a shell does that waits for one: they reach the whole
   * process group, and what the program makes of them is what counts.
   */
  public static void leaveInterrupts() {
    Child.ignoreInterrupts();
  }

  /** The filter holds for this thread from then on: it does nothing but start the program. */
  private static void start(
      SeccompFilter filter,
      Spawn spawn,
      CompletableFuture<Integer> supervised,
      CompletableFuture<Integer> started) {
    int listener = filter.install();
    supervised.complete(listener);
    if (listener >= 0) {
      started.complete(spawn.run());
    }
  }

  private static void settle(ProgramFiles files) {
    while (!files.ended()) {
      files.opened().await();
      files.opened().settle();
      files.programs().forgetThreads();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int get(CompletableFuture<Integer> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a program was started", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
