// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Tests whose thread has a limit on pinned memory: it is root without {@code CAP_IPC_LOCK}, and
 * {@code RLIMIT_MEMLOCK} is set.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface MemlockLimit {
  /** The limit in pages. */
  long pages();
}
