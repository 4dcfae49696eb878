// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import java.util.Map;
import java.util.Stack;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Takes an option's value only when it is attached with {@code =}, so that {@code --trace DEVICE}
 * does not take the device for a file.
 */
final class AttachedValue implements IParameterPreprocessor {

  /** The value of the option given alone. */
  static final String NONE = "";

  /** For picocli. */
  AttachedValue() {}

  @Override
  @SuppressWarnings("JdkObsolete") // picocli's own signature.
  public boolean preprocess(
      Stack<String> rest, CommandSpec command, ArgSpec option, Map<String, Object> info) {
    boolean attached = "=".equals(info.get("separator"));
    if (!attached) {
      option.setValue(NONE);
    }
    return !attached;
  }
}
