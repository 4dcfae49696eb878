// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.output.Document.Inspected;
import java.io.PrintStream;

/** A graph for Graphviz, of the documents that have one. */
public final class DotRenderer implements Renderer {

  private final PrintStream out;

  /** Writes to a stream. */
  public DotRenderer(PrintStream out) {
    this.out = out;
  }

  @Override
  public void preface(Document document) {}

  @Override
  public void step(String text) {}

  @Override
  public void result(Document document) {
    if (document instanceof Inspected inspected) {
      VmmText.dot(inspected.inspection()).forEach(out::println);
      out.flush();
    }
  }
}
