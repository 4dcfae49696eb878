// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.faults;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.faults.FailNth;
import io.iommufd4j.conformance.selftest.driver.MockAccess;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A run of a chain under a {@link FaultSweep}, and what it has to give back. */
final class FaultRun {

  /** In place of a fault's number. */
  static final int NO_FAULT = 0;

  /** Bytes of the buffer and of the file. */
  static final long BUFFER = 2L << 20;

  private static final long REQUEST_BYTES = 64L << 10;
  private static final int NONE = 0;

  /**
   * A request that was refused.
   *
   * @param request how many requests came before it
   */
  record Refusal(int request, ErrnoCode errno) {
    @Override
    public String toString() {
      return "request " + request + " answered " + errno.name();
    }
  }

  /** Ends a run at its first refusal. */
  private static final class Refused extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final transient Refusal refusal;

    Refused(Refusal refusal) {
      super(refusal.toString(), null, false, false);
      this.refusal = refusal;
    }
  }

  private final KernelUnderTest test;
  private final Kernel kernel;
  private final FailNth countdown;
  private final SetAside memory;
  private final TestMemory buffer;
  private final TestMemory file;
  private @Nullable OpenIommufd iommufd;
  private @Nullable MockIommufd mock;
  private int fault;
  private int requests;
  private int access;
  private int stdev;
  private int pasid;

  FaultRun(KernelUnderTest test, FailNth countdown) {
    this.test = test;
    this.kernel = test.kernel();
    this.countdown = countdown;
    this.memory = new SetAside(test.arena(), REQUEST_BYTES);
    this.buffer = TestMemory.small(test, BUFFER);
    this.file = TestMemory.file(test, BUFFER);
  }

  /**
   * Runs a chain.
   *
   * @param n which place is to fail, from 1 on, or {@link #NO_FAULT}
   * @return the request that was refused, if one was
   */
  Optional<Refusal> attempt(FaultSweep.Chain chain, int n) {
    memory.reset();
    fault = n;
    requests = 0;
    try {
      chain.run(this);
      return Optional.empty();
    } catch (Refused refused) {
      return Optional.of(refused.refusal);
    }
  }

  /** From here on requests of this run may meet the fault. */
  void faultsFromHere() {
    if (fault != NO_FAULT) {
      countdown.arm(fault);
    }
  }

  /** Expects a request to succeed, which is given here by its answer. */
  int made(int answer) {
    return (int) made((long) answer);
  }

  /** Expects a request to succeed, which is given here by its answer. */
  long made(long answer) {
    if (answer < 0) {
      throw new Refused(new Refusal(requests, ErrnoCode.of((int) answer)));
    }
    requests++;
    return answer;
  }

  /** Opens {@code /dev/iommu}. */
  OpenIommufd open() {
    int fd = made(kernel.open("/dev/iommu", libc_h.O_RDWR()));
    OpenIommufd opened = new OpenIommufd(kernel, memory, fd);
    iommufd = opened;
    mock = MockIommufd.on(test, opened, memory);
    return opened;
  }

  /** The mock's operations on what {@link #open} opened. */
  MockIommufd mock() {
    return opened(mock);
  }

  /** The buffer, {@link #BUFFER} bytes of memory. */
  TestMemory buffer() {
    return buffer;
  }

  /** The file, {@link #BUFFER} bytes of memory. */
  TestMemory file() {
    return file;
  }

  /** Memory that a request points to, filled with 0. */
  MemorySegment memory(long bytes) {
    return memory.allocate(bytes, Long.BYTES);
  }

  /** A descriptor that is not needed. */
  void close(int fd) {
    ok(kernel.close(fd));
  }

  /** A kernel's access to an IOAS, which keeps the file open until it is closed. */
  MockAccess access(int ioas, int flags) {
    access = made(mock().accessFd(ioas, flags));
    return new MockAccess(kernel, mock(), access);
  }

  /** Closes it. */
  void closeAccess() {
    made(kernel.close(access));
    access = NONE;
  }

  /** A PASID of a device is attached from here on. */
  void attached(int device, int id) {
    stdev = device;
    pasid = id;
  }

  /** It is not any more. */
  void detached() {
    pasid = NONE;
  }

  /** Gives back what the run has left; nothing of the buffer is pinned then. */
  void tearDown() {
    if (access != NONE) {
      ok(kernel.close(access));
      access = NONE;
    }
    if (pasid != NONE) {
      ok(mock().detachPasid(stdev, pasid));
      pasid = NONE;
    }
    if (iommufd == null) {
      return;
    }
    iommufd.close();
    iommufd = null;
    MockIommufd after = MockIommufd.open(test);
    same(0, after.checkPins(buffer.address(), buffer.bytes(), 0));
    after.iommufd().close();
  }

  private static <T> T opened(@Nullable T what) {
    if (what == null) {
      throw new IllegalStateException("/dev/iommu is not open");
    }
    return what;
  }
}
