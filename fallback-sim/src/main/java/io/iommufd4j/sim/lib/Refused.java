// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import io.iommufd4j.kernel.Errno;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The simulated kernel says no, with an errno. Thrown anywhere below a system call, turned into
 * −errno where the call returns. One instance an errno and no stack trace: refusing is an everyday
 * answer, not a fault.
 */
public final class Refused extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final Map<Errno, Refused> ALL =
      Stream.of(Errno.values())
          .collect(Collectors.toUnmodifiableMap(Function.identity(), Refused::new));

  private final Errno errno;

  private Refused(Errno errno) {
    super(errno.name(), null, false, false);
    this.errno = errno;
  }

  /** The refusal that carries an errno. */
  public static Refused with(Errno errno) {
    return Objects.requireNonNull(ALL.get(errno));
  }

  /** The errno. */
  public Errno errno() {
    return errno;
  }
}
