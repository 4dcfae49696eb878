// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ForeignRequest;
import io.iommufd4j.linux.Ptrace;
import io.iommufd4j.linux.RemoteMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** The threads of a traced program and of its children, and what each is doing. */
public final class TracedTasks {

  private static final int SIGTRAP = 5;
  private static final int SIGSTOP = 19;
  private static final int SIGTTOU = 22;
  private static final int SYSCALL_STOP = SIGTRAP | 0x80;

  private static final int EVENT_SECCOMP = 7;
  private static final int EVENT_STOP = 128;

  /** A request that has not returned. */
  private record Begun(ForeignRequest request, long nanos) {}

  private final Ptrace ptrace;
  private final int first;
  private final Consumer<TracedCall> told;
  private final Meanings meanings = new Meanings();
  private final MemorySegment vectors = RemoteMemory.vectors();
  private final Map<Integer, Begun> begun = new HashMap<>();

  /**
   * A process that has been seized.
   *
   * @param ptrace of the thread that seized it
   * @param first its number
   * @param told gets each request
   */
  public TracedTasks(Ptrace ptrace, int first, Consumer<TracedCall> told) {
    this.ptrace = ptrace;
    this.first = first;
    this.told = told;
  }

  /**
   * Runs them to the end of all.
   *
   * @return the exit status of the first, or 128 + the signal that ended it
   */
  public int run() {
    int ended = 0;
    while (true) {
      int thread = ptrace.await();
      if (thread == Errno.EINTR.negated()) {
        continue;
      }
      if (thread < 0) {
        return ended;
      }
      int status = ptrace.status();
      if ((status & 0xff) == 0x7f) {
        stopped(thread, status >> 8 & 0xff, status >> 16);
        continue;
      }
      begun.remove(thread);
      if (thread == first) {
        int signal = status & 0x7f;
        ended = signal == 0 ? status >> 8 & 0xff : 128 + signal;
      }
    }
  }

  private void stopped(int thread, int signal, int event) {
    if (event == EVENT_SECCOMP) {
      begin(thread);
      ptrace.resumeToReturn(thread);
    } else if (signal == SYSCALL_STOP) {
      end(thread);
      ptrace.resume(thread, 0);
    } else if (event == EVENT_STOP && signal >= SIGSTOP && signal <= SIGTTOU) {
      ptrace.leaveStopped(thread);
    } else {
      ptrace.resume(thread, event == 0 ? signal : 0);
    }
  }

  private void begin(int thread) {
    if (ptrace.look(thread) <= 0) {
      return;
    }
    int fd = (int) ptrace.argument(0);
    begun.put(
        thread,
        new Begun(
            ForeignRequest.of(
                fd, file(thread, fd), (int) ptrace.argument(1), ptrace.argument(2), memory(thread)),
            System.nanoTime()));
  }

  private void end(int thread) {
    long now = System.nanoTime();
    Begun call = begun.remove(thread);
    if (call != null && ptrace.look(thread) > 0) {
      var event = call.request().answered(memory(thread), ptrace.result(), now - call.nanos());
      told.accept(new TracedCall(thread, call.request(), meanings.named(call.request(), event)));
    }
  }

  private static String file(int thread, int fd) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + thread + "/fd/" + fd)).toString();
    } catch (IOException closed) {
      return "closed";
    }
  }

  private ForeignRequest.Memory memory(int thread) {
    return (address, bytes) -> {
      MemorySegment block = Arena.ofAuto().allocate(bytes, Long.BYTES);
      long read = RemoteMemory.read(vectors, thread, address, block, bytes);
      return block.asSlice(0, Math.max(0, read));
    };
  }
}
