// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.conformance.extension.Divergences.Divergence;
import java.lang.reflect.Method;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Expects a test that {@link Divergences} lists to fail on the simulated kernel: it is reported as
 * aborted, with the reason. One that passes fails the build, for then the list is out of date.
 */
public final class DivergenceWatch implements InvocationInterceptor {

  @Override
  public void interceptTestMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    watch(invocation, TestId.of(context));
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    watch(invocation, TestId.ofCase(context));
  }

  private static void watch(Invocation<Void> invocation, String id) throws Throwable {
    var listed =
        BackendUnderTest.simulated()
            ? Divergences.find(id, BackendUnderTest.simulatedIommu())
            : Optional.<Divergence>empty();
    if (listed.isEmpty()) {
      invocation.proceed();
      return;
    }
    try {
      invocation.proceed();
    } catch (AssertionError | RuntimeException e) {
      throw new KnownDivergence(listed.get().reason(), e);
    }
    fail(id + " is listed as a divergence and passes: take it off the list");
  }
}
