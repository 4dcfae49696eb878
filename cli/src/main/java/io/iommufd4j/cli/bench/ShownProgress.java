// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.bench;

import io.iommufd4j.cli.run.Terminal;
import io.iommufd4j.cli.switching.SwitchProgress;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A bar for somebody who waits at a terminal, gone when all is done; nothing for anybody else. */
final class ShownProgress implements AutoCloseable {

  private static final int STEPS = 1000;
  private static final int COLUMNS = 79;
  private static final int INTERVAL_MILLIS = 250;

  private final @Nullable ProgressBar bar;

  private ShownProgress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  static ShownProgress on(Terminal terminal) {
    if (!terminal.errIsTerminal()) {
      return new ShownProgress(null);
    }
    return new ShownProgress(
        new ProgressBarBuilder()
            .setTaskName("bench")
            .setInitialMax(STEPS)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(INTERVAL_MILLIS)
            .setConsumer(new ConsoleProgressBarConsumer(terminal.err(), COLUMNS))
            .clearDisplayOnFinish()
            .hideEta()
            .build());
  }

  SwitchProgress progress() {
    return (share, what) -> {
      if (bar != null) {
        bar.stepTo(Math.round(share * STEPS));
        bar.setExtraMessage(what);
      }
    };
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
