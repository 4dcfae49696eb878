// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.attach.Owner;
import io.iommufd4j.exec.call.SystemCalls;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.view.FileView;
import io.iommufd4j.exec.view.MachineFiles;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.sim.SimKernel;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Answers the calls of programs on one simulated kernel, from however many listeners. */
final class Supervisor implements Owner, AutoCloseable {

  private final ProgramFiles files;
  private final SystemCalls calls;
  private final PrintStream err;
  private final Guard guard = new Guard();
  private final Thread settling;
  private final Map<Integer, Workers> workers = new ConcurrentHashMap<>();

  /**
   * Answers nothing as yet.
   *
   * @param err is told of mistakes of this program
   * @param seen gets the programs' files before there are any
   */
  Supervisor(SimKernel kernel, PrintStream err, Consumer<ProgramFiles> seen) {
    this.err = err;
    files = new ProgramFiles(kernel.outside());
    seen.accept(files);
    FileView view = new MachineFiles(kernel, new RunningPrograms(files));
    calls = new SystemCalls(files, view);
    settling = Thread.ofPlatform().daemon().name("releases").start(this::settle);
  }

  private void settle() {
    while (!files.ended()) {
      files.opened().await();
      files.opened().settle();
      files.programs().forgetThreads();
    }
  }

  @Override
  public int first() {
    return files.first();
  }

  @Override
  public void supervise(int listener) {
    var its = new Workers(listener, calls, err, () -> release(listener));
    workers.put(listener, its);
    its.start();
  }

  private void release(int listener) {
    Workers its = workers.remove(listener);
    if (its != null) {
      its.end();
      HostFile.close(listener);
    }
  }

  /** Kills programs when this process is killed, from now on. */
  void startGuard() {
    guard.start();
    files.watch(guard::add, guard::remove);
  }

  Guard guard() {
    return guard;
  }

  /** Answers nothing any more. */
  @Override
  public void close() {
    workers.values().forEach(Workers::end);
    files.end();
    join(settling);
    files.close();
    guard.end();
    workers.keySet().forEach(this::release);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
