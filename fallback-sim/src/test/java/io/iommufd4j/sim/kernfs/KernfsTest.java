// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernfsTest {

  private final Kernfs tree = new Kernfs();

  private void text(String path, String text) {
    tree.text(path, () -> text, null);
  }

  private List<String> names(String path) throws IOException {
    try (var listed = Files.list(tree.path(path))) {
      return listed.map(Path::toString).toList();
    }
  }

  @Test
  void contentIsMadeAtEachRead() throws IOException {
    var count = new AtomicInteger();
    tree.text("/sys/count", () -> count + "\n", null);
    Path file = tree.path("/sys/count");
    assertEquals("0\n", Files.readString(file));
    count.set(10);
    assertEquals("10\n", Files.readString(file));
    assertEquals(3, Files.size(file));
    assertEquals(List.of("10"), Files.readAllLines(file));
  }

  @Test
  void directoriesAreFilledWhenSomebodyLooks() throws IOException {
    var looks = new AtomicInteger();
    tree.directory(
        "/sys/devices/x",
        () -> {
          looks.incrementAndGet();
          text("/sys/devices/x/vendor", "0x1234\n");
        });
    tree.link("/sys/bus/x", "../devices/x");
    text("/sys/devices/x/y/vendor", "0x5678\n");
    assertTrue(Files.isDirectory(tree.path("/sys/devices/x")));
    assertEquals("0x5678\n", Files.readString(tree.path("/sys/bus/x/y/vendor")));
    assertEquals(0, looks.get());
    assertEquals("0x1234\n", Files.readString(tree.path("/sys/bus/x/vendor")));
    assertEquals(List.of("/sys/devices/x/vendor", "/sys/devices/x/y"), names("/sys/devices/x"));
    assertEquals(1, looks.get());
  }

  @Test
  void whatWasNeverLookedAtIsTakenAwayAllTheSame() {
    tree.directory("/sys/x", () -> text("/sys/x/name", "x\n"));
    tree.remove("/sys/x/name");
    assertFalse(Files.exists(tree.path("/sys/x/name")));
    tree.remove("/sys/x");
    assertFalse(Files.exists(tree.path("/sys/x")));
    assertNull(tree.find("/sys/x/name", true));
  }

  @Test
  void linksAreFollowedButNotRoundAndRound() throws IOException {
    text("/proc/7/comm", "program\n");
    tree.link("/proc/self", "7");
    tree.link("/proc/7/fd/3", "/dev/iommu");
    tree.link("/round", "about");
    tree.link("/about", "/round");
    assertEquals("program\n", Files.readString(tree.path("/proc/self/comm")));
    assertEquals("/proc/7/comm", tree.path("/proc/self/./fd/../comm").toRealPath().toString());
    assertEquals("/dev/iommu", Files.readSymbolicLink(tree.path("/proc/self/fd/3")).toString());
    assertTrue(Files.isSymbolicLink(tree.path("/proc/self")));
    assertFalse(Files.exists(tree.path("/proc/self/fd/3")));
    assertTrue(Files.exists(tree.path("/proc/self/fd/3"), LinkOption.NOFOLLOW_LINKS));
    assertFalse(Files.exists(tree.path("/round")));
    assertTrue(Files.isSameFile(tree.path("/proc/self"), tree.path("/proc/7")));
    tree.remove("/proc/self/fd/3");
    assertFalse(Files.exists(tree.path("/proc/7/fd/3"), LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void whatIsMissingIsSaidAsJavaSaysIt() {
    text("/sys/file", "");
    assertThrows(NoSuchFileException.class, () -> Files.readString(tree.path("/sys/none")));
    assertThrows(NoSuchFileException.class, () -> Files.readString(tree.path("/sys/file/more")));
    assertThrows(NoSuchFileException.class, () -> tree.path("/none").toRealPath());
    assertThrows(NotDirectoryException.class, () -> Files.list(tree.path("/sys/file")));
    assertThrows(NotLinkException.class, () -> Files.readSymbolicLink(tree.path("/sys/file")));
    assertThrows(IOException.class, () -> Files.readString(tree.path("/sys")));
  }

  @Test
  void nobodyChangesItByPath() {
    text("/sys/file", "");
    Path file = tree.path("/sys/file");
    assertThrows(ReadOnlyFileSystemException.class, () -> Files.writeString(file, "x"));
    assertThrows(ReadOnlyFileSystemException.class, () -> Files.delete(file));
    assertThrows(
        ReadOnlyFileSystemException.class, () -> Files.createDirectory(tree.path("/sys/more")));
    assertTrue(file.getFileSystem().isReadOnly());
  }

  @Test
  void nodesHaveTheirNumbersAndFilesTheirModes() throws IOException {
    tree.node("/dev/iommu", 0xb01);
    tree.file("/sys/probe", Access.COMMAND, null, text -> {});
    assertEquals(0xb01L, Files.getAttribute(tree.path("/dev/iommu"), "unix:rdev"));
    assertEquals(0L, Files.getAttribute(tree.path("/dev"), "unix:rdev"));
    assertEquals(
        "-w-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(tree.path("/sys/probe"))));
  }

  @Test
  void anEndedTreeLeadsNowhere() {
    text("/sys/file", "");
    tree.close();
    assertThrows(ClosedFileSystemException.class, () -> Files.exists(tree.path("/sys/file")));
  }

  /** As the host's own paths do. */
  @ParameterizedTest
  @CsvSource({
    "/sys/bus/pci, ../x/./y",
    "/sys//bus/, pci/devices",
    "/, sys",
    "a/b, ../../../c",
    "/a/b/c, /a/d",
    "a, a/b/c",
    "/a/../../b, .",
  })
  void pathsAreCalculatedAsTheHostsAre(String one, String other) {
    Path here = tree.path(one);
    Path there = Path.of(one);
    Path more = tree.path(other);
    Path theirs = Path.of(other);
    assertEquals(there.toString(), here.toString());
    assertEquals(there.resolve(theirs).toString(), here.resolve(more).toString());
    assertEquals(there.resolve(theirs).normalize() + "", here.resolve(more).normalize() + "");
    assertEquals(String.valueOf(there.getParent()), String.valueOf(here.getParent()));
    assertEquals(String.valueOf(there.getFileName()), String.valueOf(here.getFileName()));
    assertEquals(there.getNameCount(), here.getNameCount());
    assertEquals(there.startsWith(theirs), here.startsWith(more));
    assertEquals(there.endsWith(theirs), here.endsWith(more));
    assertEquals(there.resolve(theirs).startsWith(there), here.resolve(more).startsWith(here));
    assertEquals(there.resolve(theirs).endsWith(theirs), here.resolve(more).endsWith(more));
    assertEquals(Integer.signum(there.compareTo(theirs)), Integer.signum(here.compareTo(more)));
    if (there.isAbsolute() == theirs.isAbsolute()) {
      Path from = there.normalize();
      Path to = theirs.normalize();
      if (!from.startsWith("..")) {
        assertEquals(from.relativize(to) + "", here.normalize().relativize(more.normalize()) + "");
      }
    }
    for (int i = 0; i < there.getNameCount(); i++) {
      assertEquals(there.getName(i).toString(), here.getName(i).toString());
    }
  }
}
