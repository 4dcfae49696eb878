// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import io.iommufd4j.kernel.Availability.Available;
import io.iommufd4j.kernel.Availability.Unavailable;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * The kernel a program wants. The choice is explicit, and a simulated kernel is never taken
 * silently.
 */
public enum Backend {
  /** The host's own kernel, or nothing. */
  NATIVE,
  /** A simulated kernel. */
  SIM,
  /** The host's own kernel where it serves; a simulated one only for what changes no host. */
  AUTO;

  /** The use that the caller has for the kernel. */
  public enum Purpose {
    /** Looks at devices in sysfs: the only purpose for which {@link #AUTO} may simulate. */
    LOOK,
    /** Changes which drivers have devices, through sysfs. */
    DRIVERS,
    /** Makes requests of {@code /dev/iommu}. */
    IOMMUFD
  }

  /**
   * Opens the kernel chosen. {@link #AUTO} takes a simulated one only to look, and only where the
   * host has no devices to look at.
   *
   * @param purpose decides which requirements the host is tried for
   * @return an open kernel, the caller's to close
   * @throws KernelUnavailableException when it cannot serve here; the message says why and what
   *     would help
   */
  public Kernel open(Purpose purpose) {
    return switch (this) {
      case NATIVE -> open(KernelIdentity.NATIVE, purpose);
      case SIM -> open(KernelIdentity.SIM, purpose);
      case AUTO -> {
        boolean simulate =
            purpose == Purpose.LOOK
                && provider(KernelIdentity.NATIVE).probe(purpose) instanceof Unavailable;
        yield open(simulate ? KernelIdentity.SIM : KernelIdentity.NATIVE, purpose);
      }
    };
  }

  private static Kernel open(String backend, Purpose purpose) {
    var provider = provider(backend);
    return switch (provider.probe(purpose)) {
      case Available() -> provider.open();
      case Unavailable(String reason, String fix) ->
          throw new KernelUnavailableException(backend, reason, fix);
    };
  }

  /**
   * The provider of a backend.
   *
   * @param backend {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}
   * @return a provider that has opened nothing yet
   * @throws KernelUnavailableException when no provider of that name is on the class path
   */
  public static KernelProvider provider(String backend) {
    var providers =
        ServiceLoader.load(KernelProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .collect(Collectors.toMap(KernelProvider::backend, p -> p));
    var provider = providers.get(backend);
    if (provider == null) {
      throw new KernelUnavailableException(
          backend,
          "no such kernel is on the class path",
          "add the module that provides it to the class path or module path");
    }
    return provider;
  }
}
