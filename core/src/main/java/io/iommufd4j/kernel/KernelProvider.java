package io.iommufd4j.kernel;

/** A way to get a kernel. Found by {@link java.util.ServiceLoader}; chosen by {@link Backend}. */
public interface KernelProvider {

  /** {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}. */
  String backend();

  /** Tries what it takes to serve a purpose here, by doing it and undoing it, and says why not. */
  Availability probe(Backend.Purpose purpose);

  /** Opens the kernel. Only sensible after {@link #probe} said {@link Availability.Available}. */
  Kernel open();
}
