// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.kernel.SysfsWrite;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.Patience.Watcher.Verdict;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The time that the kernel gets to let go of a device. */
@Command(addMethodSubcommands = false)
public final class WaitOption {

  private static final int MAX_SECONDS = 3600;
  private static final Duration FIRST_WORD = Duration.ofSeconds(2);
  private static final Duration BETWEEN_WORDS = Duration.ofSeconds(5);

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      description =
          "Gives a driver up after so long that does not let go of a device or take it (default"
              + " ${DEFAULT-VALUE}): the device is then left to a process of its own, which gives"
              + " it back once the kernel is through.")
  int seconds = 30;

  /**
   * For one run. A signal shortens it: what is under way then gets two seconds.
   *
   * @throws UsageException for a time out of range
   */
  public Patience patience(Invocation invocation) {
    if (seconds < 1 || seconds > MAX_SECONDS) {
      throw new UsageException("--wait takes 1 to " + MAX_SECONDS + " seconds, not " + seconds);
    }
    return new Patience(Duration.ofSeconds(seconds), new WaitReporter(invocation, seconds));
  }

  private static final class WaitReporter implements Patience.Watcher {

    private final Invocation invocation;
    private final int limit;
    private Duration last = Duration.ZERO;

    WaitReporter(Invocation invocation, int limit) {
      this.invocation = invocation;
      this.limit = limit;
    }

    @Override
    public Verdict waiting(SysfsWrite write, Duration waited, String reason) {
      boolean stop = invocation.interruption().asked();
      if (stop && waited.compareTo(FIRST_WORD) >= 0) {
        return Verdict.GIVE_UP;
      }
      if (waited.compareTo(last) < 0) {
        last = Duration.ZERO;
      }
      boolean due =
          last.isZero()
              ? waited.compareTo(FIRST_WORD) >= 0
              : waited.minus(last).compareTo(BETWEEN_WORDS) >= 0;
      if (due) {
        last = waited;
        invocation
            .terminal()
            .err()
            .println(
                "iommufdctl: the kernel is still at '"
                    + write
                    + "', "
                    + waited.toSeconds()
                    + " s of "
                    + limit
                    + (reason.isEmpty() ? "" : ": " + reason));
      }
      return Verdict.GO_ON;
    }
  }
}
