package io.iommufd4j.sim.lib;

import io.iommufd4j.kernel.Errno;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The simulated kernel says no, with an errno. Thrown anywhere below a system call, turned into
 * −errno where the call returns. One instance an errno and no stack trace: refusing is an everyday
 * answer, not a fault.
 */
public final class Refused extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final ConcurrentHashMap<Integer, Refused> KNOWN = new ConcurrentHashMap<>();

  private final int errno;

  private Refused(int errno) {
    super(Errno.name(errno), null, false, false);
    this.errno = errno;
  }

  /**
   * The refusal that carries an errno.
   *
   * @param errno positive, as in {@link Errno}
   */
  public static Refused with(int errno) {
    return KNOWN.computeIfAbsent(errno, Refused::new);
  }

  /** The errno, positive. */
  public int errno() {
    return errno;
  }
}
