package io.iommufd4j.kernel;

import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * Which kernel a program wants. The choice is explicit, and a simulated kernel is never taken
 * silently.
 */
public enum Backend {
  /** The host's own kernel, or nothing. */
  NATIVE,
  /** A simulated kernel. */
  SIM,
  /** The host's own kernel where it serves; a simulated one only for what changes no host. */
  AUTO;

  /** What the caller means to do with the kernel. */
  public enum Purpose {
    /** Looks only: {@link #AUTO} may turn to the simulator. */
    LOOK,
    /** Changes a host: {@link #AUTO} takes the host's kernel or fails. */
    CHANGE
  }

  /**
   * Opens the kernel chosen.
   *
   * @throws KernelUnavailableException when it cannot serve here; the message says why and what
   *     would help
   */
  public Kernel open(Purpose purpose) {
    return switch (this) {
      case NATIVE -> open(KernelIdentity.NATIVE);
      case SIM -> open(KernelIdentity.SIM);
      case AUTO -> {
        var host = provider(KernelIdentity.NATIVE);
        boolean simulate =
            purpose == Purpose.LOOK && host.probe() instanceof Availability.Unavailable;
        yield open(simulate ? KernelIdentity.SIM : KernelIdentity.NATIVE);
      }
    };
  }

  private static Kernel open(String backend) {
    var provider = provider(backend);
    return switch (provider.probe()) {
      case Availability.Available() -> provider.open();
      case Availability.Unavailable(String reason, String mend) ->
          throw new KernelUnavailableException(backend, reason, mend);
    };
  }

  /**
   * The provider of a backend.
   *
   * @param backend {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}
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
