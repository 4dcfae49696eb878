// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;

/** A kernel in which calls fail with EIO, and do nothing. */
final class Fault {

  private static final Set<String> CALLS =
      Set.of("open", "close", "ioctl", "read", "write", "pread", "pwrite", "mmap", "munmap");

  private final Kernel kernel;
  private final int strikesAt;
  private final String strikesOn;
  private int calls;
  private String struck = "";

  private Fault(Kernel kernel, int strikesAt, String strikesOn) {
    this.kernel = kernel;
    this.strikesAt = strikesAt;
    this.strikesOn = strikesOn;
  }

  /** The n-th call fails, from 1. */
  Fault(Kernel kernel, int call) {
    this(kernel, call, "");
  }

  /** Every call of that name fails. */
  static Fault onEvery(Kernel kernel, String name) {
    return new Fault(kernel, 0, name);
  }

  /** The name of the call or request that failed last; empty when none did. */
  String struck() {
    return struck;
  }

  Kernel kernel() {
    return (Kernel)
        Proxy.newProxyInstance(
            Kernel.class.getClassLoader(),
            new Class<?>[] {Kernel.class},
            (proxy, method, arguments) ->
                method.isDefault()
                    ? InvocationHandler.invokeDefault(proxy, method, arguments)
                    : call(method, arguments == null ? new Object[0] : arguments));
  }

  private Object call(Method method, Object[] arguments) throws Throwable {
    if (CALLS.contains(method.getName()) && method.getParameterCount() > 0) {
      String name = name(method, arguments);
      calls++;
      if (calls == strikesAt || name.equals(strikesOn)) {
        struck = name;
        return method.getReturnType() == long.class
            ? (Object) (long) Errno.EIO.negated()
            : Errno.EIO.negated();
      }
    }
    try {
      return method.invoke(kernel, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static String name(Method method, Object[] arguments) {
    if (!method.getName().equals("ioctl")) {
      return method.getName();
    }
    return Request.find((int) arguments[1], FileKind.UNKNOWN).map(Request::name).orElse("ioctl");
  }
}
