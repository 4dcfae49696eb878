// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that go about it in their own ways, and the end of one or the other side. */
class RobustnessTest {

  @TempDir Path directory;

  private CompiledPrograms programs;

  @BeforeEach
  void findsACompiler() throws Exception {
    programs = new CompiledPrograms(directory);
  }

  private static long descriptors() throws IOException {
    try (var open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "threads",
        "children",
        "passed",
        "replaced",
        "interrupted",
        "limits",
        "filtered",
        "killed",
        "memory"
      })
  void nothingIsLeftAfterIt(String name) throws Exception {
    String program = programs.compile(name);
    CompiledPrograms.run(SimKernel.create(), programs.compile("ioas"));
    long before = descriptors();
    try (var kernel = SimKernel.create()) {
      assertEquals(7, CompiledPrograms.run(kernel, program));
      var census = kernel.control().census();
      assertEquals(0, census.contexts(), "contexts");
      assertEquals(0, census.pinnedPages(), "pinned pages");
      assertEquals(0, census.openFiles(), "open files");
    }
    // The kernel's own memory is a file, which is closed with it.
    assertTrue(descriptors() <= before + 1, descriptors() + " descriptors, before " + before);
  }

  @ParameterizedTest
  @CsvSource({
    "PROCESS_VM_READV, process_vm_readv(2)",
    "PIDFD_OPEN, pidfd_open(2)",
    "PIDFD_GETFD, pidfd_getfd(2)"
  })
  void aCallThatAContainerForbidsIsNamed(String call, String name) throws Exception {
    CompiledPrograms.run(SimKernel.create(), "true");
    var command = new ArrayList<String>(RunAProgram.words("-Dforbidden=" + call));
    command.add("true");
    Process refused = new ProcessBuilder(command).redirectErrorStream(true).start();
    String told = new String(refused.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(3, refused.waitFor(), told);
    assertEquals(
        "programs cannot be supervised here: "
            + name
            + " answers EPERM; a container has to allow it, as Docker's and Podman's do with"
            + " --cap-add SYS_PTRACE\n",
        told);
  }

  @Test
  void theProgramEndsWithAKilledSupervisor() throws Exception {
    String program = programs.compile("waiting");
    Path told = directory.resolve("pid");
    CompiledPrograms.run(SimKernel.create(), "true");
    var command = new ArrayList<String>(RunAProgram.words());
    command.addAll(List.of(program, told.toString()));
    Process supervisor = new ProcessBuilder(command).inheritIO().start();
    while (Files.notExists(told) || Files.readString(told).isBlank()) {
      assertTrue(supervisor.isAlive(), "the supervisor runs");
      Thread.sleep(20);
    }
    var waiting = ProcessHandle.of(Long.parseLong(Files.readString(told).strip())).orElseThrow();
    supervisor.destroyForcibly().waitFor();
    waiting.onExit().get(60, TimeUnit.SECONDS);
  }
}
