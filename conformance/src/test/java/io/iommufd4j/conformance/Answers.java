// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.kernel.Errno;

/** Compares the result of a system call with the one that Linux gives. */
public final class Answers {

  private Answers() {}

  /**
   * Expects success.
   *
   * @return the answer, ≥ 0
   */
  public static int ok(int answer) {
    return (int) ok((long) answer);
  }

  /**
   * Expects success.
   *
   * @return the answer, ≥ 0
   */
  public static long ok(long answer) {
    if (answer < 0) {
      fail("refused with " + Errno.name((int) answer));
    }
    return answer;
  }

  /**
   * Expects a refusal.
   *
   * @param errno the one errno that will do, positive
   */
  public static void refused(Errno errno, long answer) {
    if (answer != errno.negated()) {
      fail("expected " + errno.name() + ", was " + text(answer));
    }
  }

  /**
   * Expects exactly this answer: a value ≥ 0 or −errno.
   *
   * @param expected value or −errno
   */
  public static void same(long expected, long answer) {
    if (answer != expected) {
      fail("expected " + text(expected) + ", was " + text(answer));
    }
  }

  /** An answer in words: the errno's name, or the number. */
  public static String text(long answer) {
    return answer < 0 ? Errno.name((int) answer) : "0x" + Long.toHexString(answer);
  }
}
