package io.iommufd4j.cli;

import java.util.Locale;

/** Constants as they are written on the command line. */
final class Names {

  private Names() {}

  static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
