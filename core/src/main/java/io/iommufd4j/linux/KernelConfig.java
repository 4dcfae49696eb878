// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** The configuration the running kernel was built with, where the host shows it. */
final class KernelConfig {

  private final Path root;
  private final String release;

  /**
   * The configuration of a kernel of the given release.
   *
   * @param root the root directory of the host's files
   */
  KernelConfig(Path root, String release) {
    this.root = root;
    this.release = release;
  }

  /**
   * The value of an option, as {@code y} or {@code m}; {@code n} when the configuration was read
   * and does not set it; empty when no configuration could be read.
   */
  Optional<String> option(String name) {
    return text()
        .map(text ->
            text.lines()
                .filter(line -> line.startsWith(name + "="))
                .map(line -> line.substring(name.length() + 1))
                .findFirst()
                .orElse("n"));
  }

  private Optional<String> text() {
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(root.resolve("proc/config.gz")))) {
      return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException notTold) {
      // Few kernels have it; most distributions lay the same text beside the image.
    }
    try {
      return Optional.of(Files.readString(root.resolve("boot/config-" + release)));
    } catch (IOException notTold) {
      return Optional.empty();
    }
  }
}
