// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.replace.ProgressListener;
import io.iommufd4j.cli.run.Terminal;
import java.util.ArrayList;
import java.util.List;

/**
 * Reports the progress of a replace: steps as they are taken, and a counter for somebody who waits.
 */
final class ProgressReporter implements ProgressListener {

  private static final long INTERVAL_NANOS = 200_000_000;

  private final Renderer renderer;
  private final Terminal terminal;
  private final List<String> steps = new ArrayList<>();
  private long lastShown = System.nanoTime();
  private boolean counterShown;
  private boolean lineOpen;

  ProgressReporter(Renderer renderer, Terminal terminal) {
    this.renderer = renderer;
    this.terminal = terminal;
  }

  List<String> steps() {
    return List.copyOf(steps);
  }

  @Override
  public void did(String text) {
    steps.add(text);
    renderer.step(text);
  }

  @Override
  public void round(int done, int all) {
    if (!terminal.errIsTerminal()) {
      return;
    }
    long now = System.nanoTime();
    boolean last = done == all;
    if (last ? counterShown : now - lastShown >= INTERVAL_NANOS) {
      lastShown = now;
      counterShown = true;
      terminal.err().print("\rround " + done + " of " + all + (last ? "\n" : ""));
      terminal.err().flush();
      lineOpen = !last;
    }
  }

  /** Ends the line of a counter that did not come to its end. */
  void over() {
    if (lineOpen) {
      terminal.err().println();
      lineOpen = false;
    }
  }
}
