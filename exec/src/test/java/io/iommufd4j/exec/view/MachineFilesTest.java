// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Paths through a simulated machine's files and those of a made-up host. */
final class MachineFilesTest {

  private static final int PID = (int) ProcessHandle.current().pid();
  private static final Caller CALLER = new Caller(PID, PID);
  private static final String EDU = "0000:00:08.0";
  private static final String EDU_PLACE = "/sys/devices/pci0000:00/" + EDU;

  @TempDir private Path root;
  private SimKernel kernel;
  private MachineFiles files;

  @BeforeEach
  void start() throws IOException {
    kernel = SimKernel.on(Machine.named("two-function"));
    files = new MachineFiles(kernel, new OneProgram(PID), root);
    host("sys/bus/pci/devices/0000:00:1f.7/vendor");
    host("sys/bus/usb/devices/readme");
    host("sys/class/net/lo_real/mtu");
    host("sys/devices/pci0000:00/0000:00:1f.7/net/ens7/mtu");
    host("sys/devices/virtual/net/lo/mtu");
    host("dev/null");
    host("dev/vfio/42");
    host("etc/hosts");
    host("proc/%d/status".formatted(PID));
    link("proc/%d/fd/7".formatted(PID), "memfd");
    host("proc/%1$d/task/%1$d/status".formatted(PID));
    host("proc/bus/pci/devices");
    link("proc/self", "1");
    link("proc/thread-self", "1/task/1");
    link("proc/%d/cwd".formatted(PID), "nowhere");
    link("sys/class/net/lo", "../../devices/virtual/net/lo");
    link("sys/class/net/ens7", "../../devices/pci0000:00/0000:00:1f.7/net/ens7");
    link("etc/machine", "../sys/bus/pci/devices");
  }

  private void host(String path) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "host\n");
  }

  private void link(String path, String target) throws IOException {
    Files.createDirectories(root.resolve(path).getParent());
    Files.createSymbolicLink(root.resolve(path), Path.of(target));
  }

  @AfterEach
  void end() {
    kernel.close();
  }

  private Found find(String path) {
    return files.find(CALLER, null, path, true, 0);
  }

  private Found findLink(String path) {
    return files.find(CALLER, null, path, false, 0);
  }

  private static Errno errno(Found found) {
    return assertInstanceOf(Found.Refusal.class, found).errno();
  }

  private List<String> names(String path) {
    return assertInstanceOf(Found.Directory.class, find(path)).entries().stream()
        .map(DirectoryEntry::name)
        .toList();
  }

  private String text(String path) {
    return new String(
        assertInstanceOf(Found.Attribute.class, find(path)).content(), StandardCharsets.ISO_8859_1);
  }

  @Test
  void filesElsewhereAreTheHosts() {
    for (String path :
        List.of("/etc/hosts", "/nowhere", "/dev/null", "/dev/nowhere", "/sys/bus/usb/devices")) {
      assertEquals(new Found.Pass(), find(path), path);
    }
  }

  @Test
  void attributesAreFoundThroughLinks() {
    assertEquals("0x1234\n", text("/sys/bus/pci/devices/" + EDU + "/vendor"));
    var found =
        assertInstanceOf(Found.Attribute.class, find("/sys/bus/pci/devices/" + EDU + "/vendor"));
    assertEquals(EDU_PLACE + "/vendor", found.path());
    assertEquals(FileFacts.REGULAR | 0444, found.facts().mode());
    assertEquals(4096, found.facts().bytes());
  }

  @Test
  void linksAreReadWhereTheyAreNotFollowed() {
    var found = assertInstanceOf(Found.Link.class, findLink("/sys/bus/pci/devices/" + EDU));
    assertEquals("../../../devices/pci0000:00/" + EDU, found.target());
    assertEquals(FileFacts.LINK | 0777, found.facts().mode());
    var end =
        assertInstanceOf(Found.Directory.class, findLink("/sys/bus/pci/devices/" + EDU + "/"));
    assertEquals(EDU_PLACE, end.path());
  }

  @Test
  void theHostsOwnDevicesAreNotSeen() {
    assertEquals(Errno.ENOENT, errno(find("/sys/bus/pci/devices/0000:00:1f.7")));
    assertEquals(Errno.ENOENT, errno(find("/sys/devices/pci0000:00/0000:00:1f.7/net")));
    assertEquals(Errno.ENOENT, errno(find("/dev/vfio/42")));
    assertTrue(names("/sys/bus/pci/devices").contains(EDU));
    assertTrue(!names("/sys/bus/pci/devices").contains("0000:00:1f.7"));
    assertEquals(Errno.ENOENT, errno(findLink("/sys/class/net/ens7")));
    assertEquals(Errno.ENOENT, errno(find("/sys/class/net/ens7/mtu")));
    assertEquals(new Found.Pass(), find("/sys/class/net/lo/mtu"));
    assertEquals(new Found.Pass(), find("/sys/class/net/lo_real"));
  }

  @Test
  void directoriesAreMerged() {
    assertTrue(names("/sys/bus").containsAll(List.of(".", "..", "pci", "usb")));
    List<String> net = names("/sys/class/net");
    assertTrue(net.containsAll(List.of("lo", "lo_real")), net::toString);
    assertTrue(!net.contains("ens7"), net::toString);
    assertTrue(names("/dev").containsAll(List.of("iommu", "vfio", "null")));
    assertEquals(List.of(".", "..", "vfio"), names("/dev/vfio").stream().sorted().toList());
  }

  @Test
  void nodesHaveTheirNumbers() {
    var node = assertInstanceOf(Found.DeviceNode.class, find("/dev/iommu"));
    assertEquals(10 << 8 | 1 | 1 << 20, node.facts().special());
    assertEquals(FileFacts.CHARACTER_DEVICE | 0600, node.facts().mode());
  }

  @Test
  void aFileIsNoDirectory() {
    assertEquals(Errno.ENOTDIR, errno(find(EDU_PLACE + "/vendor/x")));
    assertEquals(Errno.ENOTDIR, errno(find(EDU_PLACE + "/vendor/")));
    assertEquals(Errno.ENOTDIR, errno(find(EDU_PLACE + "/vendor/..")));
    assertEquals(Errno.ENOENT, errno(find(EDU_PLACE + "/nothing/x")));
  }

  @Test
  void aWayOutOfTheMachineIsTheHostsByAnotherPath() {
    assertEquals(
        new Found.HostFile("/etc/hosts"),
        find("/sys/bus/pci/devices/" + EDU + "/../../../../etc/hosts"));
    assertEquals(new Found.Pass(), find("/sys/bus/../../etc/hosts"));
    assertEquals(
        new Found.HostFile("/sys/bus/usb/devices"),
        files.find(CALLER, "/sys/bus/pci", "../usb/devices", true, 0));
  }

  @Test
  void relativePathsBeginWhereTheProcessWent() {
    assertEquals(null, workingDirectory());
    files.changeDirectory(CALLER, EDU_PLACE);
    assertEquals(EDU_PLACE, workingDirectory());
    assertEquals("0x1234\n", text("vendor"));
    assertEquals("0x11e8\n", text("./../" + EDU + "/device"));
    assertEquals(new Found.HostFile("/etc/hosts"), find("../../../../etc/hosts"));
    assertEquals(
        EDU_PLACE, assertInstanceOf(Found.Link.class, findLink("/proc/self/cwd")).target());
    assertEquals("0x1234\n", text("/proc/self/cwd/vendor"));
    files.changeDirectory(CALLER, null);
    assertEquals(new Found.Pass(), find("vendor"));
  }

  private @Nullable String workingDirectory() {
    return files.workingDirectory(CALLER);
  }

  @Test
  void childrenStayWhereTheirParentWas() throws IOException, InterruptedException {
    files.changeDirectory(CALLER, EDU_PLACE);
    Process child = new ProcessBuilder("sleep", "60").start();
    try {
      var inChild = new Caller((int) child.pid(), (int) child.pid());
      files.changeDirectory(CALLER, "/sys/bus/pci");
      assertEquals(EDU_PLACE, files.workingDirectory(inChild));
      assertEquals("/sys/bus/pci", workingDirectory());
      files.exited((int) child.pid());
    } finally {
      child.destroy();
      child.waitFor();
    }
  }

  @Test
  void openat2IsHeldBelowItsStart() {
    String pci = "/sys/bus/pci";
    assertEquals(Errno.EXDEV, errno(files.find(CALLER, pci, "../usb", true, Resolve.BENEATH)));
    assertEquals(Errno.EXDEV, errno(files.find(CALLER, pci, "/sys", true, Resolve.BENEATH)));
    assertEquals(
        Errno.EXDEV,
        errno(files.find(CALLER, pci, "devices/" + EDU + "/vendor", true, Resolve.BENEATH)));
    assertEquals(
        pci + "/devices",
        assertInstanceOf(
                Found.Directory.class,
                files.find(CALLER, pci, "/../../devices", true, Resolve.IN_ROOT))
            .path());
    assertEquals(
        Errno.ELOOP,
        errno(files.find(CALLER, pci, "devices/" + EDU + "/vendor", true, Resolve.NO_SYMLINKS)));
    assertEquals(Errno.EXDEV, errno(files.find(CALLER, "/", "sys/bus/pci", true, Resolve.NO_XDEV)));
  }

  @Test
  void processesShowWhatTheSimulatedKernelKnows() throws IOException {
    Files.writeString(
        root.resolve("proc/%d/status".formatted(PID)),
        "Pid:\t1\nVmLck:\t       9 kB\nVmPin:\t       9 kB\nx\n");
    assertEquals(
        "Pid:\t1\nVmLck:\t       4 kB\nVmPin:\t      12 kB\nx\n", text("/proc/self/status"));
    assertEquals(
        "/dev/iommu", assertInstanceOf(Found.Link.class, findLink("/proc/self/fd/7")).target());
    assertInstanceOf(Found.DeviceNode.class, find("/proc/self/fd/7"));
    assertInstanceOf(Found.Attribute.class, find("/proc/thread-self/fail-nth"));
    assertEquals(new Found.Pass(), find("/proc/1/status"));
    assertEquals(Errno.ENOENT, errno(find("/proc/bus/pci/devices")));
  }

  @Test
  void configAndBarsHaveTheirSizes() {
    var config = assertInstanceOf(Found.Attribute.class, find(EDU_PLACE + "/config"));
    assertEquals(config.content().length, config.facts().bytes());
    assertEquals(0x34, config.content()[0]);
    var bar = assertInstanceOf(Found.Attribute.class, find(EDU_PLACE + "/resource0"));
    assertEquals(1 << 20, bar.facts().bytes());
  }
}
