// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.requests;

import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.Request;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The page of requests: which method makes each, and what the real kernel and the simulated one
 * answered to it. Recorded by {@code docs/record-requests} while tests ran.
 */
final class RequestsPage {

  private static final String CALLS = "calls.tsv";
  private static final String EXCEPTIONS = "exceptions.tsv";

  /**
   * A method that made a request.
   *
   * @param kernel {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}
   * @param answer 0 or the errno
   */
  private record Call(Request request, String method, String kernel, String answer) {}

  private final List<Call> calls = new ArrayList<>();

  /** Why a request has no method, or one that a kernel here cannot answer. */
  private final Map<Request, String> exceptions = new TreeMap<>();

  RequestsPage() throws IOException {
    for (String[] line : lines(CALLS)) {
      calls.add(new Call(Request.valueOf(line[0]), line[1], line[2], line[3]));
    }
    for (String[] line : lines(EXCEPTIONS)) {
      exceptions.put(Request.valueOf(line[0]), line[1]);
    }
  }

  private static List<String[]> lines(String name) throws IOException {
    try (InputStream stream = RequestsPage.class.getResourceAsStream(name)) {
      String text =
          new String(Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(line -> line.split("\t", -1))
          .toList();
    }
  }

  /** The requests that have neither a method that both kernels answered, nor a reason. */
  List<Request> holes() {
    return Stream.of(Request.values())
        .filter(request -> !isAnswered(request) && !exceptions.containsKey(request))
        .toList();
  }

  /** The requests that have a method that both kernels answered, and a reason for none. */
  List<Request> reasonsTooMany() {
    return exceptions.keySet().stream().filter(this::isAnswered).toList();
  }

  private boolean isAnswered(Request request) {
    return !answers(request, KernelIdentity.NATIVE).isEmpty()
        && !answers(request, KernelIdentity.SIM).isEmpty();
  }

  /** The page, in Markdown. */
  String page() {
    var text = new StringBuilder();
    text.append(
        """
        # Requests, and the methods that make them

        Written by the tests: `docs/record-requests` runs them on the simulated kernel and on Linux 7.3.4 in the lab, and records
        which method of the typed API made each request and how it was answered: 0, or the errno of a refusal that a test
        provokes. Any request can be made without a method, by the `request` of a handle.
        """);
    section(text, "iommufd", file -> file == FileKind.IOMMUFD);
    section(text, "VFIO devices", file -> file == FileKind.VFIO_DEVICE);
    section(
        text,
        "VFIO groups and containers",
        file -> file == FileKind.VFIO_GROUP || file == FileKind.VFIO_CONTAINER);
    section(text, "Migration data", file -> file == FileKind.UNKNOWN);
    return text.toString();
  }

  private void section(StringBuilder text, String title, Predicate<FileKind> files) {
    List<Request> requests =
        Stream.of(Request.values()).filter(request -> files.test(request.file())).toList();
    text.append("\n## ")
        .append(title)
        .append("\n\n| request | methods | real kernel | simulated kernel |\n")
        .append("| --- | --- | --- | --- |\n");
    for (Request request : requests) {
      String methods =
          methods(request).stream()
              .map(method -> "`" + method + "`")
              .collect(Collectors.joining(", "));
      text.append("| ").append(request).append(" | ").append(methods);
      Optional.ofNullable(exceptions.get(request))
          .ifPresent(reason -> text.append(methods.isEmpty() ? "" : "; ").append(reason));
      text.append(" | ")
          .append(String.join(", ", answers(request, KernelIdentity.NATIVE)))
          .append(" | ")
          .append(String.join(", ", answers(request, KernelIdentity.SIM)))
          .append(" |\n");
    }
    long typed = requests.stream().filter(request -> !methods(request).isEmpty()).count();
    text.append("\n")
        .append(typed)
        .append(" of ")
        .append(requests.size())
        .append(" have a method.\n");
  }

  private Set<String> methods(Request request) {
    return calls.stream()
        .filter(call -> call.request() == request)
        .map(Call::method)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Set<String> answers(Request request, String kernel) {
    return calls.stream()
        .filter(call -> call.request() == request && call.kernel().equals(kernel))
        .map(Call::answer)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
