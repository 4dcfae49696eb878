// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.extension.Divergences.Divergence;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Request;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
    watch(() -> unlessTooOld(invocation, method), TestId.of(context));
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    watch(() -> unlessTooOld(invocation, method), TestId.ofCase(context));
  }

  /** The typed API sends requests by itself: those that a release lacks end the test here. */
  private static @Nullable Void unlessTooOld(
      Invocation<Void> invocation, ReflectiveInvocationContext<Method> method) throws Throwable {
    try {
      return invocation.proceed();
    } catch (KernelException refused) {
      method.getArguments().stream()
          .filter(KernelUnderTest.class::isInstance)
          .map(KernelUnderTest.class::cast)
          .forEach(test ->
              Stream.of(Request.values())
                  .filter(request -> request.name().equals(refused.operation()))
                  .forEach(request -> Needs.request(test.kernel(), request)));
      throw refused;
    }
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
