// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import io.iommufd4j.bindings.libc.libc_h;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Checks that this JVM lets the native kernel's code link, and names the flag that would let it.
 */
final class NativeAccess {

  /** The package of JNR that loads its own library. */
  private static final String JNR_LOADER = "com.kenai.jffi";

  private NativeAccess() {}

  /** The exact flag, for the modules the code was in fact loaded into. */
  static String flag() {
    var jnr =
        Stream.ofNullable(NativeAccess.class.getModule().getLayer())
            .flatMap(layer -> layer.modules().stream())
            .filter(module -> module.getPackages().contains(JNR_LOADER));
    var names =
        Stream.concat(Stream.of(NativeAccess.class.getModule(), libc_h.class.getModule()), jnr)
            .map(module -> Objects.requireNonNullElse(module.getName(), "ALL-UNNAMED"))
            .collect(Collectors.toCollection(TreeSet::new));
    return "--enable-native-access=" + String.join(",", names);
  }

  /** True if a failure to link comes from the JVM's refusal, at whatever depth it is wrapped. */
  static boolean refused(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .anyMatch(IllegalCallerException.class::isInstance);
  }
}
