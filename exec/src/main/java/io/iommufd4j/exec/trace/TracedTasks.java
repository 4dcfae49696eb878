// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ForeignRequest;
import io.iommufd4j.linux.Ptrace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The threads of a traced program and of its children, and what each is doing. */
public final class TracedTasks {

  /** The most bytes of a read or write that is looked at, but for those of a device's regions. */
  public static final int FEW_BYTES = 512;

  private static final int SIGTRAP = 5;
  private static final int SIGSTOP = 19;
  private static final int SIGTTOU = 22;
  private static final int SYSCALL_STOP = SIGTRAP | 0x80;

  private static final int EVENT_EXIT = 6;
  private static final int EVENT_SECCOMP = 7;
  private static final int EVENT_STOP = 128;

  /** A call that has not returned, and when it began. */
  private record Begun(TraceRecorder.Begun call, long nanos) {}

  private final Ptrace ptrace;
  private final int first;
  private final Consumer<TracedCall> told;
  private final @Nullable TraceRecorder recorder;
  private final Meanings meanings = new Meanings();
  private final Map<Integer, Begun> begun = new HashMap<>();

  /**
   * A process that has been seized.
   *
   * @param ptrace of the thread that seized it
   * @param first its number
   * @param told gets each request
   * @param recorded gets each event of a recording; null when there is none
   */
  public TracedTasks(
      Ptrace ptrace,
      int first,
      Consumer<TracedCall> told,
      @Nullable Consumer<RecordedEvent> recorded) {
    this.ptrace = ptrace;
    this.first = first;
    this.told = told;
    this.recorder = recorded == null ? null : new TraceRecorder(recorded);
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
        if (recorder != null) {
          recorder.finish();
        }
        return ended;
      }
      int status = ptrace.status();
      if ((status & 0xff) == 0x7f) {
        stopped(thread, status >> 8 & 0xff, status >> 16);
        continue;
      }
      ended(thread);
      if (thread == first) {
        int signal = status & 0x7f;
        ended = signal == 0 ? status >> 8 & 0xff : 128 + signal;
      }
    }
  }

  private void ended(int thread) {
    begun.remove(thread);
    if (recorder != null) {
      recorder.ended(thread);
    }
  }

  /**
   * A thread exits. Only the first process has this one as its parent; the others are let go, so
   * that their parents see the end when it comes, and not when this has seen it, which a program
   * can tell: a descriptor of a process is readable before.
   */
  private void exiting(int thread) {
    if (thread == first) {
      ptrace.resume(thread, 0);
    } else {
      ended(thread);
      ptrace.letGo(thread);
    }
  }

  private void stopped(int thread, int signal, int event) {
    if (recorder != null) {
      recorder.seen(thread);
    }
    if (event == EVENT_SECCOMP) {
      begin(thread);
      ptrace.resumeToReturn(thread);
    } else if (event == EVENT_EXIT) {
      exiting(thread);
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
    TraceRecorder.Begun call = recorder == null ? request(thread) : recorder.begin(thread, ptrace);
    if (call != null) {
      begun.put(thread, new Begun(call, System.nanoTime()));
    }
  }

  private TraceRecorder.Begun request(int thread) {
    int fd = (int) ptrace.argument(0);
    var memory = new ThreadMemory(thread);
    var request =
        ForeignRequest.of(
            fd, file(thread, fd), (int) ptrace.argument(1), ptrace.argument(2), memory);
    return (result, nanos) ->
        new TracedCall(
            thread, request, meanings.named(request, request.answered(memory, result, nanos)));
  }

  private void end(int thread) {
    long now = System.nanoTime();
    Begun begun = this.begun.remove(thread);
    if (begun != null && ptrace.look(thread) > 0) {
      TracedCall call = begun.call().ended(ptrace.result(), now - begun.nanos());
      if (call != null) {
        told.accept(call);
      }
    }
  }

  private static String file(int thread, int fd) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + thread + "/fd/" + fd)).toString();
    } catch (IOException closed) {
      return "closed";
    }
  }
}
