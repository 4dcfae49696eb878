// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.differential.program.Answer;
import io.iommufd4j.differential.program.Program;
import io.iommufd4j.differential.program.Step;
import io.iommufd4j.sim.Census;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A program and what a kernel answered to it: for each step, and last for {@link Session#end}. Its
 * text has a line for each step, and a line for its answer below.
 */
public record Case(Program program, List<Answer> answers) {

  private static final String ANSWER = "  = ";
  private static final String REMARK = "# ";
  private static final Answer LEFT_BEHIND = Answer.of(-1);

  public Case {
    answers = List.copyOf(answers);
  }

  /** Runs a program to its end, whatever a kernel answers. */
  public static Case run(Program program, Session session) {
    var answers = new ArrayList<Answer>();
    for (Step step : program.steps()) {
      answers.add(session.run(step));
    }
    answers.add(session.end());
    return new Case(program, answers);
  }

  /**
   * The first difference of another kernel's answers. A simulated kernel must also be left with
   * nothing open and nothing pinned.
   */
  public Optional<Difference> against(Session session) {
    List<Step> steps = program.steps();
    for (int i = 0; i < steps.size(); i++) {
      Answer actual = session.run(steps.get(i));
      if (!actual.equals(answers.get(i))) {
        session.end();
        return Optional.of(new Difference(i, steps.get(i), answers.get(i), actual));
      }
    }
    Answer actual = session.end();
    if (actual.equals(answers.getLast()) && !clean(session)) {
      actual = LEFT_BEHIND;
    }
    return actual.equals(answers.getLast())
        ? Optional.empty()
        : Optional.of(new Difference(steps.size(), null, answers.getLast(), actual));
  }

  private static boolean clean(Session session) {
    return session.kernel().control().census().equals(Census.NOTHING);
  }

  @Override
  public String toString() {
    var text = new StringBuilder();
    for (int i = 0; i < answers.size(); i++) {
      text.append(i < program.steps().size() ? program.steps().get(i).toString() : "end")
          .append('\n')
          .append(ANSWER)
          .append(answers.get(i))
          .append('\n');
    }
    return text.toString();
  }

  /** The program in a text that {@code toString} wrote, remarks allowed. */
  public static Program program(String text) {
    return new Program(
        text.lines()
            .filter(line -> !line.isBlank() && !line.startsWith(REMARK))
            .filter(line -> !line.startsWith(ANSWER) && !line.equals("end"))
            .map(Step::parse)
            .toList());
  }

  /** A text that {@code toString} wrote, without remarks. */
  public static String withoutRemarks(String text) {
    var out = new StringBuilder();
    text.lines()
        .filter(line -> !line.startsWith(REMARK))
        .forEach(line -> out.append(line).append('\n'));
    return out.toString();
  }
}
