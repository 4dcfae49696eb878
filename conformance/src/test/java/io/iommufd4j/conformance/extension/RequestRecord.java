// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.kernel.TraceEvent;
import io.iommufd4j.kernel.TraceSink;
import io.iommufd4j.kernel.TracingKernel;
import java.lang.StackWalker.StackFrame;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Records which method of the typed API made which request on which kernel, and what was answered.
 * With {@code -Diommufd4j.record=true}; printed once all tests have run, a line for each: {@code
 * request-call}, the request, the method, the kernel, 0 or the errno.
 */
final class RequestRecord implements TraceSink {

  private static final String CORE = "io.iommufd4j.";

  /** Packages of other modules, below core's. */
  private static final Set<String> OTHERS =
      Set.of("conformance", "differential", "sim", "cli", "examples");

  /** The code that looks for the cause of a refusal: its requests are not the method's own. */
  private static final List<String> HINTS =
      List.of("io.iommufd4j.wire.Refusals", "io.iommufd4j.hint.");

  private static final Set<String> REQUESTS =
      Stream.of(Request.values()).map(Request::name).collect(Collectors.toSet());

  private final Set<String> lines = new ConcurrentSkipListSet<>();

  private static boolean isWanted() {
    return Boolean.getBoolean("iommufd4j.record");
  }

  /** The kernel itself, or one that is recorded. */
  Kernel around(Kernel kernel) {
    return isWanted() ? new TracingKernel(kernel, this) : kernel;
  }

  @Override
  public void accept(TraceEvent event) {
    if (REQUESTS.contains(event.name())) {
      method()
          .ifPresent(method ->
              lines.add(
                  String.join(
                      "\t", event.name(), method, event.backend(), event.errno().orElse("0"))));
    }
  }

  /** The method of the API that a test called; empty when the test made the request itself. */
  private static Optional<String> method() {
    List<StackFrame> frames =
        StackWalker.getInstance()
            .walk(all ->
                all.filter(frame -> frame.getClassName().startsWith(CORE))
                    .dropWhile(frame -> !isCore(frame))
                    .takeWhile(RequestRecord::isCore)
                    .filter(frame -> !frame.getClassName().equals(TracingKernel.class.getName()))
                    .toList());
    if (frames.isEmpty()
        || frames.stream().anyMatch(RequestRecord::isHint)
        || frames.getLast().getMethodName().equals("request")) {
      return Optional.empty();
    }
    StackFrame called = frames.getLast();
    String type = called.getClassName().substring(called.getClassName().lastIndexOf('.') + 1);
    return Optional.of(type + "." + called.getMethodName());
  }

  private static boolean isHint(StackFrame frame) {
    return HINTS.stream().anyMatch(frame.getClassName()::startsWith);
  }

  private static boolean isCore(StackFrame frame) {
    String below = frame.getClassName().substring(CORE.length());
    int end = below.indexOf('.');
    return end < 0 || !OTHERS.contains(below.substring(0, end));
  }

  /** Prints what was recorded; nothing where nobody asked. */
  void print() {
    lines.forEach(line -> System.out.println("request-call\t" + line));
  }
}
