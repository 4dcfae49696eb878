// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.bindings;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * The rows of {@code native-headers}' manifest: what gcc says of the UAPI headers. Sizes and
 * offsets in bytes.
 */
record AbiManifest(List<Row> rows) {

  private static final String RESOURCE = "/io/iommufd4j/abi/linux-7.3.4.tsv";

  sealed interface Row {
    /** The last part of the package that binds it: iommufd, vfio, libc, pci or selftest. */
    String room();

    String name();
  }

  record Request(String room, String name, int number) implements Row {}

  record Constant(String room, String name, String type, String value) implements Row {}

  record Struct(String room, String name, long size, long alignment) implements Row {}

  record Field(String room, String struct, String name, long offset, long width, String type)
      implements Row {}

  static AbiManifest read() {
    try (var in = AbiManifest.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is not on the class path");
      }
      var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      return new AbiManifest(
          reader.lines().filter(line -> !line.startsWith("#")).map(AbiManifest::row).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  <R extends Row> Stream<R> all(Class<R> kind) {
    return rows.stream().filter(kind::isInstance).map(kind::cast);
  }

  <R extends Row> Stream<R> all(Class<R> kind, String room) {
    return all(kind).filter(row -> row.room().equals(room));
  }

  private static Row row(String line) {
    String[] cell = line.split("\t", -1);
    return switch (cell[0]) {
      case "request" -> new Request(cell[1], cell[2], Integer.decode(cell[3]));
      case "constant" -> new Constant(cell[1], cell[2], cell[3], cell[4]);
      case "struct" ->
          new Struct(cell[1], cell[2], Long.parseLong(cell[3]), Long.parseLong(cell[4]));
      case "field" ->
          new Field(
              cell[1], cell[2], cell[3], Long.parseLong(cell[4]), Long.parseLong(cell[5]), cell[6]);
      default ->
          throw new IllegalStateException("the manifest has a row of an unknown kind: " + line);
    };
  }
}
