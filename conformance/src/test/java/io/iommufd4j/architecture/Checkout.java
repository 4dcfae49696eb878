// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * The checkout that is being built.
 *
 * @param root its directory
 */
record Checkout(Path root) {

  /** Skips the test that calls where there is no checkout, as in the lab. */
  static Checkout current() {
    String module = System.getProperty("basedir");
    assumeTrue(module != null, "only a build knows where the checkout is");
    return new Checkout(Path.of(module).resolveSibling(""));
  }

  /** The committed files, by their names from the root; some may have been deleted since. */
  List<String> committed() throws IOException, InterruptedException {
    Process git = new ProcessBuilder("git", "ls-files", "-z").directory(root.toFile()).start();
    String names = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assumeTrue(git.waitFor() == 0, "only git knows which files are committed");
    return List.of(names.split("\0"));
  }
}
