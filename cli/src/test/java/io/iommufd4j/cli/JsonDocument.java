// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.JsonRenderer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The one way by which tests read JSON documents of iommufdctl: each is held to {@code
 * docs/iommufdctl.schema.json}.
 */
public final class JsonDocument {

  private static final Schema SCHEMA = schema();

  private JsonDocument() {}

  private static Schema schema() {
    try {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(Files.readString(Path.of("..", "docs", "iommufdctl.schema.json")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The differences between a text and the schema, one line each. */
  static List<String> faults(String text) {
    return SCHEMA.validate(text, InputFormat.JSON).stream().map(Error::toString).toList();
  }

  /** The keys of a document that the schema takes. */
  public static Map<String, Object> read(String text) {
    assertEquals(List.of(), faults(text), text);
    try {
      return JSON.std.mapFrom(text);
    } catch (IOException e) {
      throw new UncheckedIOException("no JSON document: " + text, e);
    }
  }

  /** A document as the command shows it, and held to the schema. */
  public static String of(String command, Document document) {
    var bytes = new ByteArrayOutputStream();
    new JsonRenderer(new PrintStream(bytes, true, StandardCharsets.UTF_8), command)
        .result(document);
    String text = bytes.toString(StandardCharsets.UTF_8);
    assertEquals(List.of(), faults(text), text);
    return text;
  }
}
