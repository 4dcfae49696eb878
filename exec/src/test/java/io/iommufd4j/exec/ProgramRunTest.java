// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.sim.SimKernel;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramRunTest {

  @TempDir Path directory;

  private final SimKernel kernel = SimKernel.create();
  private CompiledPrograms programs;

  @BeforeEach
  void findsACompiler() throws Exception {
    programs = new CompiledPrograms(directory);
  }

  @AfterEach
  void nothingIsLeft() {
    var census = kernel.control().census();
    kernel.close();
    assertEquals(0, census.contexts(), "contexts");
    assertEquals(0, census.pinnedPages(), "pinned pages");
  }

  @Test
  void aDeviceReadsAndWritesTheMemoryOfAProgram() throws Exception {
    assertEquals(7, CompiledPrograms.run(kernel, programs.compile("dma")));
  }

  @Test
  void theStatusAndTheSignalOfAProgramAreTold() {
    assertEquals(3, CompiledPrograms.run(kernel, "sh", "-c", "exit 3"));
    assertEquals(128 + 9, CompiledPrograms.run(kernel, "sh", "-c", "kill -9 $$"));
  }

  @Test
  void aProgramThatIsNotThereIsNotStarted() {
    var refused =
        assertThrows(
            NotStartedException.class, () -> CompiledPrograms.run(kernel, "/no/such/program"));
    assertEquals("/no/such/program: ENOENT", refused.getMessage());
  }
}
