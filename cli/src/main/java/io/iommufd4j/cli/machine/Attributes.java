// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Attributes of sysfs, read as far as one may. */
record Attributes(Path directory) {

  Attributes below(String path) {
    return new Attributes(directory.resolve(path));
  }

  /** One line; empty where there is none, or it may not be read. */
  Optional<String> text(String path) {
    try {
      return Optional.of(Files.readString(directory.resolve(path)).strip());
    } catch (IOException | UncheckedIOException notShown) {
      return Optional.empty();
    }
  }

  /** True if it is a parameter that is on. */
  boolean on(String path) {
    return text(path).filter(value -> value.equals("Y") || value.equals("1")).isPresent();
  }

  /** A file's bytes; none where it may not be read. */
  byte[] bytes(String path) {
    try {
      return Files.readAllBytes(directory.resolve(path));
    } catch (IOException | UncheckedIOException notShown) {
      return new byte[0];
    }
  }

  /** Bytes that a file has, those included that may not be read. */
  long size(String path) {
    try {
      return Files.size(directory.resolve(path));
    } catch (IOException notShown) {
      return 0;
    }
  }

  /** The names in a directory, in order. */
  List<String> names(String path) {
    try (var entries = Files.list(directory.resolve(path))) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException | UncheckedIOException notShown) {
      return List.of();
    }
  }
}
