// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.requests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every request has a method that both kernels have answered, and the page says so. */
final class RequestsPageTest {

  @Test
  void everyRequestHasAMethodThatBothKernelsAnswered() throws IOException {
    assertEquals(List.of(), new RequestsPage().holes());
  }

  @Test
  void requestsThatBothKernelsAnsweredHaveNoReason() throws IOException {
    assertEquals(List.of(), new RequestsPage().reasonsTooMany());
  }

  @Test
  void pageIsUpToDate() throws IOException {
    String module = System.getProperty("basedir");
    assumeTrue(module != null, "only a build knows where the page is");
    String page = new RequestsPage().page();
    Files.writeString(Path.of(module, "target", "requests.md"), page);
    assertEquals(
        page,
        Files.readString(Path.of(module).resolveSibling(Path.of("docs", "requests.md"))),
        "docs/requests.md is not what was recorded: copy conformance/target/requests.md");
  }
}
