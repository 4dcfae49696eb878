// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Style;

/** The color or weight of a word in text. */
enum Emphasis {
  GOOD(Style.fg_green),
  DOUBTFUL(Style.fg_yellow),
  BAD(Style.fg_red),
  HEADING(Style.bold);

  private final Style style;

  Emphasis(Style style) {
    this.style = style;
  }

  /** The text in this style where the terminal shows styles; else as it is. */
  String paint(Ansi ansi, String text) {
    return ansi.enabled() ? Style.on(style) + text + Style.off(style) : text;
  }
}
