package io.iommufd4j.kernel;

/**
 * Receives the calls that a {@link TracingKernel} records. Called on the thread that made the call.
 */
@FunctionalInterface
public interface TraceSink {

  /** One call that has come back. */
  void accept(TraceEvent event);
}
