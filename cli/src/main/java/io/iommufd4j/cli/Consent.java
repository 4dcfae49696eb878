package io.iommufd4j.cli;

import java.util.List;

/** Asks before something is touched that was not named. */
final class Consent {

  private Consent() {}

  /**
   * Goes on when {@code --yes} was given or somebody at the terminal agrees.
   *
   * @param question what is asked
   * @param atStake what it is about, one sentence each
   * @throws UsageException when nobody can be asked, or nobody agrees
   */
  static void require(Invocation invocation, String question, List<String> atStake) {
    if (invocation.options().yes) {
      return;
    }
    String stakes = String.join("; ", atStake);
    Terminal terminal = invocation.terminal();
    if (!terminal.canAsk()) {
      throw new UsageException(stakes + ": agree with --yes");
    }
    atStake.forEach(stake -> terminal.err().println(stake));
    if (!terminal.agrees(question)) {
      throw new UsageException("not agreed to; nothing was done");
    }
  }
}
