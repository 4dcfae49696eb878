package io.iommufd4j.cli.output;

/**
 * Colours for a terminal, or none.
 *
 * @param colours whether there are any
 */
public record Ink(boolean colours) {

  private static final String ESCAPE = "\u001b[";

  String good(String text) {
    return paint("32", text);
  }

  String bad(String text) {
    return paint("31", text);
  }

  String doubtful(String text) {
    return paint("33", text);
  }

  String heading(String text) {
    return paint("1", text);
  }

  private String paint(String code, String text) {
    return colours ? ESCAPE + code + "m" + text + ESCAPE + "0m" : text;
  }
}
