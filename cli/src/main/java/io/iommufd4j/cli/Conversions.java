// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Formats;
import io.iommufd4j.cli.replace.ReplaceTarget;
import io.iommufd4j.cli.run.OutputFormat;
import io.iommufd4j.cli.switching.Way;
import io.iommufd4j.cli.vmm.RunningFlag;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.uapi.IovaRange;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the values of options, and names the values allowed when one cannot be read. */
final class Conversions {

  private static final Pattern UUID_FORM =
      Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

  private static final Pattern HEX_RANGE =
      Pattern.compile("(0x)?(?<first>\\p{XDigit}{1,16})-(0x)?(?<last>\\p{XDigit}{1,16})");

  private static final long PAGE = 4096;

  private Conversions() {}

  /** Makes a command line with all its verbs use them. */
  static void register(CommandLine line) {
    line.registerConverter(Backend.class, oneOf(Backend.values(), Formats::name));
    line.registerConverter(OutputFormat.class, oneOf(OutputFormat.values(), Formats::name));
    line.registerConverter(RunningFlag.class, oneOf(RunningFlag.values(), Formats::name));
    line.registerConverter(ReplaceTarget.class, oneOf(ReplaceTarget.values(), Object::toString));
    line.registerConverter(Way.class, oneOf(Way.values(), Object::toString));
    line.registerConverter(UUID.class, Conversions::uuid);
    line.registerConverter(IovaRange.class, Conversions::pages);
    line.registerConverter(int.class, Conversions::number);
    line.registerConverter(BigDecimal.class, Conversions::decimal);
  }

  private static <T> ITypeConverter<T> oneOf(T[] values, Function<? super T, String> nameOf) {
    return text ->
        Arrays.stream(values)
            .filter(value -> nameOf.apply(value).equals(text.toLowerCase(Locale.ROOT)))
            .findFirst()
            .orElseThrow(() ->
                new TypeConversionException(
                    Arrays.stream(values)
                        .map(nameOf)
                        .collect(
                            Collectors.joining(", ", "wants one of ", ", not '" + text + "'"))));
  }

  private static UUID uuid(String text) {
    if (!UUID_FORM.matcher(text).matches()) {
      throw new TypeConversionException(
          "wants a UUID, as 83f89b3a-7a4e-4b52-9f6c-2d1e0c8a5b71, not '" + text + "'");
    }
    return UUID.fromString(text);
  }

  /** IOVAs of whole pages, as {@code 0x100000-0x1fffff}. */
  private static IovaRange pages(String text) {
    var parts = HEX_RANGE.matcher(text);
    if (parts.matches()) {
      long first = Long.parseUnsignedLong(parts.group("first"), 16);
      long last = Long.parseUnsignedLong(parts.group("last"), 16);
      if (Long.compareUnsigned(first, last) < 0 && ((first | (last + 1)) & (PAGE - 1)) == 0) {
        return new IovaRange(first, last);
      }
    }
    throw new TypeConversionException(
        "wants pages of 4 KiB, as 0x100000-0x1fffff, not '" + text + "'");
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException(
          "wants a whole number of at most " + Integer.MAX_VALUE + ", not '" + text + "'");
    }
  }

  private static BigDecimal decimal(String text) {
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("wants a number, not '" + text + "'");
    }
  }
}
