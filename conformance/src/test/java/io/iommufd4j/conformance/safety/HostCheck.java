// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test that leaves the host otherwise than it found it, so that none disturbs another. */
final class HostCheck implements BeforeEachCallback, AfterEachCallback {

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(HostCheck.class);

  @Override
  public void beforeEach(ExtensionContext context) {
    context.getStore(NAMESPACE).put(HostState.class, HostState.now());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    var before = context.getStore(NAMESPACE).get(HostState.class, HostState.class);
    assertEquals(List.of(), before.changes(HostState.now()), "the test left this behind");
  }
}
