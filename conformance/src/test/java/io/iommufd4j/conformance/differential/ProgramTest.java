// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.extension.OnSimulatedKernelsOnly;
import io.iommufd4j.differential.Case;
import io.iommufd4j.differential.Generator;
import io.iommufd4j.differential.Kernels;
import io.iommufd4j.differential.Recorded;
import io.iommufd4j.differential.Session;
import io.iommufd4j.differential.Shrinker;
import io.iommufd4j.differential.program.Answer;
import io.iommufd4j.differential.program.AnswerBytes;
import io.iommufd4j.differential.program.Program;
import io.iommufd4j.differential.program.Step;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

@OnSimulatedKernelsOnly
final class ProgramTest {

  private static final String IOMMU = System.getProperty("iommufd4j.iommu", "vtd");

  @Test
  void programsOutliveBeingWrittenDown() {
    LongStream.range(0, 200)
        .mapToObj(Generator::program)
        .forEach(program -> assertEquals(program, Case.program(program.toString())));
  }

  @Test
  void oneSeedGivesOneProgram() {
    assertEquals(Generator.program(42), Generator.program(42));
  }

  @Test
  void answersOutliveBeingWrittenDown() throws IOException {
    var answers =
        List.of(Answer.of(0), Answer.of(-22), Answer.of(1L << 40), new Answer(1, new byte[600]));
    var bytes = new ByteArrayOutputStream();
    AnswerBytes.write(new DataOutputStream(bytes), answers);
    var in = new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
    assertEquals(answers, AnswerBytes.read(in));
    var recorded = new Recorded(Generator.VERSION, 7, List.of(answers));
    assertEquals(recorded, Recorded.decode(recorded.encode()));
  }

  @Test
  void twoSimulatedKernelsAnswerAlike() {
    try (var one = new Session(Kernels.simulated(IOMMU));
        var other = new Session(Kernels.simulated(IOMMU))) {
      for (long seed = 1_000_000; seed < 1_000_200; seed++) {
        Case done = Case.run(Generator.program(seed), one);
        assertEquals(Optional.empty(), done.against(other), "seed " + seed);
      }
    }
  }

  @Test
  void shrinkingKeepsWhatItTakes() {
    Program program = Generator.program(3);
    Step needed = program.steps().get(program.steps().size() / 2);
    var shrinker =
        new Shrinker(programs -> programs.stream().map(p -> p.steps().contains(needed)).toList());
    Program shortest = shrinker.shrink(program);
    assertEquals(List.of(needed), shortest.steps());
    assertTrue(program.requests() > 1);
  }
}
