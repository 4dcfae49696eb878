// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import io.iommufd4j.sim.Machine;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.TestAbortedException;

/** Gives a test its kernel, and looks at what is left of it. It keeps no state of its own. */
final class SimulatedMachineExtension
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver {

  private static final Namespace NAMESPACE = Namespace.create(SimulatedMachineExtension.class);

  SimulatedMachineExtension() {}

  @Override
  public void beforeEach(ExtensionContext context) {
    var test = new SimulatedTest(Machine.named(machine(context)));
    for (RequestFault fault :
        AnnotationSupport.findRepeatableAnnotations(context.getElement(), RequestFault.class)) {
      test.faults().fail(fault.request(), fault.nth(), fault.errno());
    }
    context.getStore(NAMESPACE).put(SimulatedTest.class, test);
  }

  private static String machine(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getElement(), SimulatedMachine.class)
        .or(() -> ofClass(context))
        .map(SimulatedMachine::value)
        .orElse(Machine.DEFAULT);
  }

  /** That of the class, or of the nearest around it. */
  private static Optional<SimulatedMachine> ofClass(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(
        context.getRequiredTestClass(), SimulatedMachine.class, context.getEnclosingTestClasses());
  }

  /** The test's own failure goes first; what is left behind is then only printed. */
  @Override
  public void afterEach(ExtensionContext context) {
    SimulatedTest test = context.getStore(NAMESPACE).get(SimulatedTest.class, SimulatedTest.class);
    if (test == null) {
      return; // There is no such machine.
    }
    List<String> wrong = test.end();
    Optional<Throwable> thrown = context.getExecutionException();
    if (thrown.isPresent() ? thrown.get() instanceof TestAbortedException : wrong.isEmpty()) {
      return;
    }
    String all = String.join("; ", wrong);
    String trace = test.requests().text();
    System.err.print(
        context.getDisplayName()
            + ": the calls of the kernel:\n"
            + trace
            + (wrong.isEmpty() ? "" : "  " + all + "\n"));
    context.publishReportEntry("iommufd4j.calls", trace);
    if (thrown.isEmpty()) {
      throw new AssertionError(all);
    }
  }

  private static SimulatedTest test(ExtensionContext context) {
    return Objects.requireNonNull(
        context.getStore(NAMESPACE).get(SimulatedTest.class, SimulatedTest.class));
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getDeclaringExecutable() instanceof Method
        && context.getTestMethod().isPresent()
        && SimulatedTest.knows(parameter.getParameter().getType());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    int nth = 0;
    for (Parameter other : parameter.getDeclaringExecutable().getParameters()) {
      if (other.equals(parameter.getParameter())) {
        break;
      }
      nth += other.getType() == type ? 1 : 0;
    }
    return test(context).value(type, nth);
  }
}
