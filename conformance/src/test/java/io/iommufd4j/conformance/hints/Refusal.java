// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import java.util.regex.Pattern;
import org.junit.jupiter.api.function.Executable;

/** A call that the kernel refused, and the cause that its hint names. */
final class Refusal {

  private static final Pattern OPTION = Pattern.compile("(^|\\s)--[a-z]");

  private final KernelException refused;

  private Refusal(KernelException refused) {
    this.refused = refused;
  }

  /** Makes a call that is refused with this errno. */
  static Refusal of(Errno errno, Executable call) {
    var refused = assertThrows(KernelException.class, call);
    assertEquals(
        errno.name(), refused.errno().name(), () -> "not this errno: " + refused.getMessage());
    assertFalse(OPTION.matcher(refused.hint()).find(), refused.hint());
    assertFalse(refused.hint().contains("run as root"), refused.hint());
    return new Refusal(refused);
  }

  /** The hint has each of these texts. */
  Refusal names(Object... cause) {
    for (Object part : cause) {
      assertTrue(
          refused.hint().contains(part.toString()),
          () -> "'" + part + "' is missing in: " + refused.getMessage());
    }
    return this;
  }

  /** The hint has none of these texts: they stand for other causes of the errno. */
  Refusal leavesOut(String... otherCauses) {
    for (String part : otherCauses) {
      assertFalse(
          refused.hint().contains(part),
          () -> "'" + part + "' is not the cause: " + refused.getMessage());
    }
    return this;
  }
}
