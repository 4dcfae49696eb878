// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iommufd4j.cli.Main;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that may not be looked into: {@code inspect} says so, and does not find nothing. */
final class InspectionRightsTest {

  private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
  private static final Pattern HIDDEN =
      Pattern.compile("(?m)^[1-9]\\d* process(es)? may not be looked into$");

  private record Ended(int exitCode, String out, String err) {}

  /**
   * Runs {@code inspect} on this machine in a process of its own, as the same user.
   *
   * @param without the capabilities that it lacks
   */
  private static Ended inspect(String without, String... options)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<String>(
            List.of(SETPRIV.toString(), "--bounding-set=-" + without, "--inh-caps=-" + without));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "--backend=native",
            "inspect"));
    command.addAll(List.of(options));
    Process process = new ProcessBuilder(command).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), out, err);
  }

  /** A process of the user nobody; takes root. */
  private static Process nobody() throws IOException, InterruptedException {
    var other =
        new ProcessBuilder(
                SETPRIV.toString(), "--reuid=65534", "--regid=65534", "--clear-groups", "cat")
            .start();
    // From the exec on it is another user's.
    Path name = Path.of("/proc", Long.toString(other.pid()), "comm");
    while (!Files.readString(name).strip().equals("cat")) {
      assertTrue(other.isAlive(), "setpriv left with " + other.toString());
      Thread.sleep(10);
    }
    return other;
  }

  private static void assumeRoot() {
    assumeTrue(System.getProperty("user.name").equals("root"), "another user takes root");
    assumeTrue(Files.isExecutable(SETPRIV), "there is no setpriv here");
  }

  /**
   * Root without any capability may not even list another user's descriptors; with all but
   * CAP_SYS_PTRACE, as in a container, it may list them and read none.
   */
  @ParameterizedTest
  @ValueSource(strings = {"all", "sys_ptrace"})
  @EnabledOnOs(OS.LINUX)
  void anotherUsersProcess(String without) throws Exception {
    assumeRoot();
    Process other = nobody();
    try {
      Ended ended = inspect(without, "--pid", Long.toString(other.pid()));
      assertEquals(3, ended.exitCode(), ended.toString());
      assertEquals("", ended.out());
      assertEquals(
          "iommufdctl: cannot look into process "
              + other.pid()
              + ": it takes the right to trace process "
              + other.pid()
              + " (root, or CAP_SYS_PTRACE in its user namespace; or its own user, where"
              + " kernel.yama.ptrace_scope is 0)\n",
          ended.err());
      Ended all = inspect(without, "--all");
      assertEquals(0, all.exitCode(), all.toString());
      assertTrue(HIDDEN.matcher(all.out()).find(), all.out());
    } finally {
      other.destroy();
      other.waitFor();
    }
  }

  /** It shows its descriptors and does not give them away, as Yama has it. */
  @Test
  void processWhoseDescriptorsMayBeSeenAlone() {
    try (var vmm = SimulatedVmm.withHwpt("single:vtd")) {
      long pid = vmm.process.pid();
      Kernel refusing = refusing(vmm.kernel);
      String why = "it takes the right to trace process " + pid;
      String reason =
          assertThrows(NotPossibleException.class, () -> Inspection.of(refusing, pid)).getMessage();
      assertTrue(String.valueOf(reason).contains("process " + pid + ": " + why), reason);
      assertThrows(NotPossibleException.class, () -> BorrowedDevice.of(refusing, vmm.found(), pid));
      ProcessView view = Inspection.all(refusing).processes().getFirst();
      assertTrue(view.obstacle().startsWith(why), view.obstacle());
      assertEquals(List.of(), view.contexts());
      assertEquals(1, view.devices().size());
    }
  }

  /** The same kernel to a caller without the right to trace. */
  private static Kernel refusing(Kernel kernel) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals("pidfdGetfd")) {
            return Errno.EPERM.negated();
          }
          try {
            return method.invoke(kernel, arguments);
          } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
          }
        };
    return (Kernel)
        Proxy.newProxyInstance(
            Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, handler);
  }
}
