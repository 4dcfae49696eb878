// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.differential;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.iommufd4j.conformance.extension.OnSimulatedKernelsOnly;
import io.iommufd4j.differential.Case;
import io.iommufd4j.differential.Generator;
import io.iommufd4j.differential.Kernels;
import io.iommufd4j.differential.Recorded;
import io.iommufd4j.differential.Session;
import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the simulated kernel's answers with those recorded on the lab's kernel, byte for byte.
 */
@OnSimulatedKernelsOnly
final class RecordedAnswersTest {

  private static final String IOMMU = System.getProperty("iommufd4j.iommu", "vtd");

  /** Of an older release; empty for the newest. */
  private static final String RELEASE = System.getProperty("iommufd4j.release", "");

  private static final int MOST_SHOWN = 5;

  /** The older release was recorded on two machines; which one else the build says. */
  static List<String> iommus() {
    return RELEASE.isEmpty() ? List.of(IOMMU) : List.of("vtd", "amd");
  }

  @ParameterizedTest
  @MethodSource("iommus")
  void programsAreAnsweredAsRecorded(String iommu) throws IOException {
    Recorded recorded = recorded(iommu);
    assertEquals(
        Generator.VERSION,
        recorded.version(),
        "the generator changed: record anew with lab/differential --record");
    var wrong = new ArrayList<String>();
    try (var session = new Session(kernel(iommu))) {
      for (int i = 0; i < recorded.programs().size() && wrong.size() < MOST_SHOWN; i++) {
        long seed = recorded.firstSeed() + i;
        var real = new Case(Generator.program(seed), recorded.programs().get(i));
        real.against(session)
            .ifPresent(difference -> wrong.add("seed " + seed + ": " + difference));
      }
    }
    assertEquals(List.of(), wrong, "of the programs recorded on " + iommu);
  }

  private static SimKernel kernel(String iommu) {
    return RELEASE.isEmpty() ? Kernels.simulated(iommu) : Kernels.simulated(iommu, RELEASE);
  }

  @Test
  void casesAreAnsweredAsTheLabDid() throws IOException, URISyntaxException {
    Assumptions.assumeTrue(RELEASE.isEmpty(), "the cases are about the newest release");
    assertAll(
        cases().stream()
            .map(file ->
                () -> {
                  // The lab answered each on a machine of its own.
                  try (var session = new Session(Kernels.simulated(IOMMU))) {
                    String text = Files.readString(file);
                    Case now = Case.run(Case.program(text), session);
                    assertEquals(Case.withoutRemarks(text), now.toString(), file.toString());
                  }
                }));
  }

  private static List<Path> cases() throws IOException, URISyntaxException {
    var directory = RecordedAnswersTest.class.getResource("cases");
    assertNotNull(directory, "no cases are stored");
    try (var files = Files.list(Path.of(directory.toURI()))) {
      List<Path> all = files.sorted().toList();
      assertFalse(all.isEmpty());
      return all.stream()
          .filter(file -> file.getFileName().toString().startsWith(IOMMU + "-"))
          .toList();
    }
  }

  private static Recorded recorded(String iommu) throws IOException {
    String name = "answers-" + iommu + (RELEASE.isEmpty() ? "" : "-" + RELEASE) + ".bin";
    try (var stream = RecordedAnswersTest.class.getResourceAsStream(name)) {
      Assumptions.assumeTrue(stream != null, "nothing was recorded on " + iommu);
      return Recorded.decode(Optional.ofNullable(stream).orElseThrow().readAllBytes());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
