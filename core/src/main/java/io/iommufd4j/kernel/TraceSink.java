package io.iommufd4j.kernel;

/** Where a {@link TracingKernel} sends what it saw. Called on the thread that made the call. */
@FunctionalInterface
public interface TraceSink {

  /** One call that has come back. */
  void accept(TraceEvent event);
}
