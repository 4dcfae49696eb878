// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import io.iommufd4j.conformance.KernelUnderTest;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The names of tests in lists: {@code ioas.MapTest#overlap}, or with a case {@code
 * …#sizes[IOAS_MAP]}.
 */
final class TestId {

  /** The package that they are below, and a dot. */
  static final String ROOT = KernelUnderTest.class.getPackageName() + ".";

  private TestId() {}

  static String of(ExtensionContext test) {
    return of(test.getRequiredTestClass(), test.getRequiredTestMethod().getName());
  }

  static String ofCase(ExtensionContext test) {
    return of(test) + "[" + test.getDisplayName() + "]";
  }

  static String of(Class<?> type, String method) {
    return type.getName().substring(ROOT.length()) + "#" + method;
  }
}
