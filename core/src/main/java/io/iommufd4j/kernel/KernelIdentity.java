// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/**
 * The kernel that answers.
 *
 * @param backend {@code native} or {@code sim}
 * @param release the kernel release, as {@code uname -r} prints it; for a simulated kernel the
 *     release it answers as
 * @param detail what else tells it apart, as the simulated machine's name; may be empty
 */
public record KernelIdentity(String backend, String release, String detail) {

  /** The backend name of the host's own kernel. */
  public static final String NATIVE = "native";

  /** The backend name of a simulated kernel. */
  public static final String SIM = "sim";

  /** {@return true if answers come from a simulated kernel and no host is touched} */
  public boolean simulated() {
    return backend.equals(SIM);
  }

  @Override
  public String toString() {
    String kernel = (simulated() ? "simulated Linux " : "Linux ") + release;
    return detail.isEmpty() ? kernel : kernel + " (" + detail + ")";
  }
}
