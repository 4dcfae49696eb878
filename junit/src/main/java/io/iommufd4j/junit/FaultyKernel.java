// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.RequestFaults;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A kernel that lets requests fail, and knows which file each descriptor is open on. */
final class FaultyKernel implements InvocationHandler {

  private final Kernel kernel;
  private final RequestFaults faults;
  private final Map<Integer, String> open = new ConcurrentHashMap<>();

  FaultyKernel(Kernel kernel, RequestFaults faults) {
    this.kernel = kernel;
    this.faults = faults;
  }

  /** The kernel with its faults. All calls but those of {@link #invoke} pass unchanged. */
  Kernel asKernel() {
    return (Kernel)
        Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, this);
  }

  /** Descriptors that are open, each with the path that it was opened by. */
  Map<Integer, String> open() {
    return Map.copyOf(open);
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    Object[] values = arguments == null ? new Object[0] : arguments;
    if (method.getName().equals("ioctl")) {
      Optional<Errno> refused =
          Request.find((int) values[1], FileKind.of(path((int) values[0]))).flatMap(faults::count);
      if (refused.isPresent()) {
        return refused.get().negated();
      }
    }
    if (method.getName().equals("close") && values.length == 1) {
      // Forgotten before the call: the number may be another file's the moment it is closed.
      open.remove((int) values[0]);
    }
    Object answer = call(method, values);
    if (answer instanceof Integer fd && fd >= 0) {
      switch (method.getName()) {
        case "open" -> open.put(fd, (String) values[0]);
        case "dup" -> open.put(fd, path((int) values[0]));
        case "eventfd", "memfd" -> open.put(fd, method.getName());
        default -> {}
      }
    }
    return answer;
  }

  private String path(int fd) {
    return Objects.requireNonNullElse(open.get(fd), "");
  }

  private @Nullable Object call(Method method, Object[] values) throws Throwable {
    try {
      return method.invoke(kernel, values);
    } catch (InvocationTargetException e) {
      throw Objects.requireNonNullElse(e.getCause(), e);
    }
  }
}
