// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.run.Terminal;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** One run of iommufdctl in this process, and its result. */
record CommandRun(int exitCode, String out, String err) {

  /** Holds a document to the schema. */
  CommandRun {
    if (out.startsWith("{")) {
      JsonDocument.read(out);
    }
  }

  /** Runs without anybody at the terminal. */
  static CommandRun of(String... args) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exitCode = Main.run(args, stream(out), stream(err));
    return new CommandRun(exitCode, text(out), text(err));
  }

  /** Runs with somebody at the terminal who types an answer. */
  static CommandRun answering(String answer, String... args) {
    return run(answer, Map.of(), args);
  }

  /** Runs at a terminal, with environment variables. */
  static CommandRun at(Map<String, String> environment, String... args) {
    return run("", environment, args);
  }

  private static CommandRun run(String answer, Map<String, String> environment, String... args) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var in = new BufferedReader(new StringReader(answer));
    var terminal = new Terminal(stream(out), stream(err), in, true, true, environment);
    int exitCode = Main.run(args, terminal, new Interruption());
    return new CommandRun(exitCode, text(out), text(err));
  }

  /** The document on stdout. */
  Map<String, Object> json() {
    return JsonDocument.read(out);
  }

  /** The value at a path of keys in the document. */
  Object json(String... path) {
    Object at = json();
    for (String key : path) {
      at = Objects.requireNonNull(((Map<?, ?>) at).get(key), key);
    }
    return at;
  }

  /** A list that stands at a key of the document. */
  List<?> list(String key) {
    return (List<?>) json(key);
  }

  /** The lines on stderr. */
  List<String> errors() {
    return err.lines().toList();
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
