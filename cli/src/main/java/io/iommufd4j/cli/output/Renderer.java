// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

/** Shows documents. */
public interface Renderer {

  /** Shows what stands before the result, as a plan; a format of one document leaves it out. */
  void preface(Document document);

  /** Shows a step as it is taken; likewise. */
  void step(String text);

  /** Shows the result. */
  void result(Document document);
}
