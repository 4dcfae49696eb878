// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest;

import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.conformance.MissingAbility;
import io.iommufd4j.conformance.extension.KnownDivergence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.jupiter.params.ParameterizedTest;
import org.opentest4j.TestAbortedException;

/**
 * Compares the result of a counterpart with {@link ResultTable}. With {@code
 * -Diommufd4j.selftest.record=FILE} the table is written instead, when all tests have run.
 */
public final class ResultWatch implements InvocationInterceptor, TestWatcher {

  private static final String PASS = "pass";
  private static final String SKIP = "skip";
  private static final String FAIL = "fail";
  private static final String DIFFERS = "differs";

  private static final Namespace HERE = Namespace.create(ResultWatch.class);

  @Override
  public void interceptTestMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    compare(invocation, context);
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    compare(invocation, context);
  }

  private static void compare(Invocation<Void> invocation, ExtensionContext context)
      throws Throwable {
    try {
      invocation.proceed();
    } catch (MissingAbility e) {
      // The table is that of a kernel which has everything.
      throw e;
    } catch (TestAbortedException e) {
      results(context).expect(kernelCase(context), aborted(e));
      throw e;
    }
    results(context).expect(kernelCase(context), PASS);
  }

  private static String aborted(@Nullable Throwable why) {
    return why instanceof KnownDivergence ? DIFFERS : SKIP;
  }

  @Override
  public void testSuccessful(ExtensionContext context) {
    results(context).note(kernelCase(context), PASS);
  }

  @Override
  public void testAborted(ExtensionContext context, @Nullable Throwable cause) {
    results(context).note(kernelCase(context), aborted(cause));
  }

  @Override
  public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
    results(context).note(kernelCase(context), FAIL);
  }

  private static String kernelCase(ExtensionContext context) {
    Method method = context.getRequiredTestMethod();
    boolean variants = method.isAnnotationPresent(ParameterizedTest.class);
    return Counterparts.kernelCase(method, variants ? context.getDisplayName() : "");
  }

  private static Results results(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(HERE)
        .getOrComputeIfAbsent(Results.class, _ -> new Results(), Results.class);
  }

  /** The results of the tests of this run. */
  private static final class Results implements AutoCloseable {

    private final ResultTable table = new ResultTable();
    private final boolean simulated =
        !System.getProperty("iommufd4j.backend", "sim").equals("native");
    private final Optional<Path> file =
        Optional.ofNullable(System.getProperty("iommufd4j.selftest.record")).map(Path::of);

    synchronized void expect(String kernelCase, String result) {
      String known =
          table.row(kernelCase).map(row -> row.on(simulated)).orElse(ResultTable.UNKNOWN);
      if (file.isEmpty() && !known.equals(ResultTable.UNKNOWN) && !known.equals(result)) {
        fail(kernelCase + ": the table of results says " + known + ", this was " + result);
      }
    }

    synchronized void note(String kernelCase, String result) {
      table.result(kernelCase, simulated, result);
    }

    @Override
    public void close() {
      file.ifPresent(path -> {
        Counterparts.all().forEach(table::test);
        try {
          Files.writeString(path, table.text());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    }
  }
}
