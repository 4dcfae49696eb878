// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.linux.Child;
import java.util.concurrent.CountDownLatch;

/**
 * The end of this process on request, while it runs a program: so is the program told, by {@code
 * SIGTERM}, and this process waits until {@link #close}.
 */
final class Termination implements AutoCloseable {

  private static final int SIGTERM = 15;

  private final Thread hook = new Thread(this::told, "ends the program");
  private final CountDownLatch over = new CountDownLatch(1);
  private boolean asked;
  private int pid;

  /** From now on. */
  Termination() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** The program's number. */
  synchronized void runs(int program) {
    pid = program;
    if (asked) {
      Child.kill(program, SIGTERM);
    }
  }

  /** The program has ended, and its number may be another's soon. */
  synchronized void ended() {
    pid = 0;
  }

  private void told() {
    synchronized (this) {
      asked = true;
      if (pid > 0) {
        Child.kill(pid, SIGTERM);
      }
    }
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    over.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // Then it has been told.
    }
  }
}
