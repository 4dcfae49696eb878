// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

@Conformance
class FailNthTest {

  @Test
  void itReadsBackWhatIsLeft(KernelUnderTest test) {
    try (var failNth = new FailNth(test)) {
      assertEquals("0\n", failNth.read());
      failNth.arm(100_000);
      String left = failNth.read();
      assertTrue(left.matches("(100000|99\\d\\d\\d)\n"), left);
      assertFalse(failNth.disarm());
      assertEquals("0\n", failNth.read());
    }
  }

  @Test
  void numbersAreReadInAnyBase(KernelUnderTest test) {
    try (var failNth = new FailNth(test)) {
      for (String text : new String[] {"0", "0\n", "+0", "0x0", "00"}) {
        Answers.same(text.length(), failNth.write(text));
      }
      for (String text : new String[] {"", "-1", "x", " 1", "1 ", "08", "0x", "1\n\n", "+"}) {
        Answers.refused(Errno.EINVAL, failNth.write(text));
      }
      Answers.refused(Errno.ERANGE, failNth.write("4294967296"));
    }
  }

  @Test
  void aFailureComesOnceAndToOneThread(KernelUnderTest test) {
    var iommufd = test.iommufd();
    try (var failNth = new FailNth(test)) {
      // Once unarmed: what the JVM loads on the way would be counted too.
      Answers.ok(iommufd.ioasAlloc());
      failNth.disarm();
      Answers.ok(elsewhere(iommufd, failNth::disarm));
      failNth.arm(1);
      int answer = iommufd.ioasAlloc();
      assertTrue(failNth.disarm());
      Answers.refused(Errno.ENOMEM, answer);
      Answers.ok(elsewhere(iommufd, () -> failNth.arm(1)));
      failNth.disarm();
      Answers.ok(iommufd.ioasAlloc());
    }
  }

  /**
   * Makes a request in another thread, which is there before this one gets armed: a failure of what
   * it takes to start a thread would end the JVM.
   */
  private static int elsewhere(OpenIommufd iommufd, Runnable arm) {
    var armed = new CountDownLatch(1);
    var answer = new AtomicInteger();
    Thread other =
        Thread.ofPlatform()
            .start(() -> {
              await(armed);
              answer.set(iommufd.ioasAlloc());
            });
    arm.run();
    armed.countDown();
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return answer.get();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void onlySwitchesThatAreThereOpen(KernelUnderTest test) {
    for (String path :
        new String[] {"/proc/thread-self/fail-mth", "/sys/kernel/debug/fail_iommufd/nothing"}) {
      Answers.refused(Errno.ENOENT, test.kernel().open(path, libc_h.O_RDONLY()));
    }
  }

  @Test
  void aSwitchTakesAnyTextAndKeepsItsState(KernelUnderTest test) {
    try (var _ = new FailNth(test)) {
      assertEquals("N\n", knob(test, "maybe"));
      assertEquals("Y\n", knob(test, "1"));
      assertEquals("N\n", knob(test, "off"));
      assertEquals("Y\n", knob(test, "on"));
      assertEquals("Y\n", knob(test, "oh"));
      assertEquals("N\n", knob(test, "n"));
    }
  }

  private static String knob(KernelUnderTest test, String text) {
    return new Knob(test, "/sys/kernel/debug/failslab/ignore-gfp-wait").write(text);
  }
}
