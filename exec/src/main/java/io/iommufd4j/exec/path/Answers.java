// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.sim.lib.Refused;
import java.util.function.LongSupplier;

/** Answers of calls. */
final class Answers {

  private Answers() {}

  /** Answers with a result, or the errno of a refusal. */
  static void give(SeccompListener call, LongSupplier result) {
    long answer;
    try {
      answer = result.getAsLong();
    } catch (Refused refused) {
      answer = refused.errno().negated();
    }
    call.answer(answer);
  }
}
