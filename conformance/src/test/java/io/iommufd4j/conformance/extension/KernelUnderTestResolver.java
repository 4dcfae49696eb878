// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import io.iommufd4j.conformance.KernelUnderTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** Hands each test its {@link KernelUnderTest}, and takes it back afterwards. */
public final class KernelUnderTestResolver implements ParameterResolver {

  private static final Namespace HERE = Namespace.create(KernelUnderTestResolver.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == KernelUnderTest.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    var backend =
        context
            .getRoot()
            .getStore(HERE)
            .getOrComputeIfAbsent(
                BackendUnderTest.class, _ -> BackendUnderTest.chosen(), BackendUnderTest.class);
    return context
        .getStore(HERE)
        .getOrComputeIfAbsent(
            KernelUnderTest.class, _ -> backend.open(limit(context)), KernelUnderTest.class);
  }

  private static @Nullable MemlockLimit limit(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getRequiredTestClass(), MemlockLimit.class)
        .orElse(null);
  }
}
