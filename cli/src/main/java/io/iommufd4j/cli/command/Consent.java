// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.NotAgreedException;
import io.iommufd4j.cli.run.Terminal;
import java.util.List;

/** Asks before something is touched that was not named. */
public final class Consent {

  private Consent() {}

  /**
   * Goes on when nothing is at stake, {@code --yes} was given, or somebody at the terminal agrees.
   * Names in any case what is at stake: here, unless the plan was printed before.
   *
   * @param question asked at the terminal
   * @param plan the change, and the things it puts at stake
   * @throws NotAgreedException when nobody can be asked, or nobody agrees
   */
  public static void require(Invocation invocation, String question, Document.Intent plan) {
    List<String> atStake = plan.atStake();
    if (invocation.agreed()) {
      // Where no plan was printed, this is all that names what goes.
      if (plan instanceof Document.BindingPlan) {
        atStake.forEach(stake -> invocation.tell(stake));
      }
      return;
    }
    if (atStake.isEmpty()) {
      return;
    }
    Terminal terminal = invocation.terminal();
    if (!terminal.canAsk()) {
      throw new NotAgreedException(
          ExitCode.USAGE, String.join("; ", atStake) + ": agree with --yes", plan);
    }
    atStake.forEach(stake -> terminal.err().println(stake));
    if (!terminal.agrees(question)) {
      throw new NotAgreedException(ExitCode.NOT_AGREED, "not agreed to; nothing was done", plan);
    }
  }

  /**
   * {@link #require} of a run that a signal ends: not while it asks. A signal at the prompt finds
   * nobody who would answer it; what was bound for the plan is then given back by the process that
   * bound it.
   *
   * @throws NotAgreedException as {@link #require}
   */
  public static void requireInRun(Invocation invocation, Document.Intent plan) {
    if (plan.atStake().isEmpty()) {
      return;
    }
    invocation.interruption().end();
    require(invocation, "go on?", plan);
    invocation.interruption().begin();
  }
}
