// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Programs that are on the host, as they are, on a simulated machine. What is not installed is
 * skipped. The page of known programs names each.
 */
class KnownProgramsTest {

  private static final String EDU = "0000:00:08.0";
  private static final String PLACE = "/sys/devices/pci0000:00/";
  private static final List<String> FUNCTIONS =
      List.of("0000:00:00.0", EDU, "0000:00:08.1", "0000:00:1f.0", "0000:00:1f.2", "0000:00:1f.3");

  @TempDir Path directory;

  private final SimKernel kernel = SimKernel.on(Machine.named("two-function"));
  private CompiledPrograms programs;

  @BeforeEach
  void findsACompiler() throws Exception {
    programs = new CompiledPrograms(directory);
  }

  @AfterEach
  void nothingIsLeft() {
    var census = kernel.control().census();
    kernel.close();
    assertEquals(0, census.contexts(), "contexts");
    assertEquals(0, census.pinnedPages(), "pinned pages");
  }

  private void needs(String program) {
    Stream<String> path = Stream.of(System.getenv("PATH").split(":", -1));
    assumeTrue(
        path.anyMatch(folder -> Files.isExecutable(Path.of(folder, program))),
        program + " is not installed");
  }

  /** The lines that a shell's command writes to either stream. */
  private List<String> output(int status, String command) throws IOException {
    Path output = directory.resolve("output");
    String whole = "exec >'%s' 2>&1; LC_ALL=C; export LC_ALL; %s".formatted(output, command);
    int answer = CompiledPrograms.run(kernel, "sh", "-c", whole);
    List<String> lines = Files.readAllLines(output);
    assertEquals(status, answer, () -> String.join("\n", lines));
    return lines;
  }

  @Test
  void thePageNamesThem() throws IOException {
    String module = System.getProperty("basedir");
    assumeTrue(module != null, "only a build knows where the page is");
    Files.writeString(Path.of(module, "target", "exec-programs.md"), KnownProgram.page());
    assertEquals(
        KnownProgram.page(),
        Files.readString(Path.of(module).resolveSibling(Path.of("docs", "exec-programs.md"))),
        "docs/exec-programs.md is not what the tests say: copy exec/target/exec-programs.md");
  }

  /** Each constant stands for one of these tests: none is named that is not run. */
  @Test
  void eachIsRunByATest() {
    long tests =
        Stream.of(KnownProgramsTest.class.getDeclaredMethods())
            .filter(method -> method.isAnnotationPresent(Test.class))
            .count();
    assertEquals(KnownProgram.values().length, tests - 2);
  }

  @Test
  void aStaticCProgramUsesIommufd() throws Exception {
    assertEquals(7, CompiledPrograms.run(kernel, programs.compile("ioas", "-static")));
  }

  @Test
  void aDynamicCProgramUsesIommufd() throws Exception {
    assertEquals(7, CompiledPrograms.run(kernel, programs.compile("ioas")));
  }

  @Test
  void straceShowsCallsAndAnswers() throws Exception {
    needs("strace");
    String program = programs.compile("ioas");
    List<String> lines = output(7, "strace -f -e trace=ioctl,openat " + program);
    assertTrue(
        lines.stream()
            .anyMatch(line -> line.matches("openat\\(.*\"/dev/iommu\", O_RDWR.*\\) = \\d+")),
        () -> String.join("\n", lines));
    assertTrue(
        lines.stream().anyMatch(line -> line.startsWith("ioctl(") && line.contains("-1 ENOENT")),
        () -> String.join("\n", lines));
  }

  @Test
  void lsShowsLinksAndNodes() throws IOException {
    List<String> links = output(0, "ls -l /sys/bus/pci/devices");
    assertEquals(FUNCTIONS.size() + 1, links.size());
    assertTrue(
        links.get(2).startsWith("lrwxrwxrwx 1 root root 0 ")
            && links.get(2).endsWith(EDU + " -> ../../../devices/pci0000:00/" + EDU),
        () -> links.get(2));
    assertTrue(
        output(0, "ls -l /dev/iommu").getFirst().startsWith("crw------- 1 root root 10, 257"));
    assertTrue(output(0, "ls /dev").containsAll(List.of("iommu", "null", "vfio")));
    assertTrue(output(0, "ls /sys/class").containsAll(List.of("iommu", "net", "vfio-dev")));
  }

  @Test
  void findWalksTheGroups() throws IOException {
    assertEquals(
        FUNCTIONS.stream().sorted().toList(),
        output(0, "find /sys/kernel/iommu_groups -type l").stream()
            .map(link -> link.substring(link.lastIndexOf('/') + 1))
            .sorted()
            .toList());
    assertEquals(
        FUNCTIONS.stream().map(name -> PLACE + name + "/vendor").toList(),
        output(0, "find -L /sys/bus/pci/devices -maxdepth 2 -name vendor | xargs -n1 readlink -f")
            .stream()
            .sorted()
            .toList());
  }

  @Test
  void textsAreReadCopiedAndPacked() throws IOException {
    String vendor = "/sys/bus/pci/devices/" + EDU + "/vendor";
    assertEquals(List.of("0x1234"), output(0, "cat " + vendor));
    assertEquals(List.of("0x1234"), output(0, "cat <" + vendor));
    assertEquals(List.of("4096 444 regular file"), output(0, "stat -c '%s %a %F' " + vendor));
    assertEquals(List.of("sysfs"), output(0, "stat -f -c %T " + vendor));
    assertEquals(List.of(vendor + ":0x1234"), output(0, "grep -H 0x " + vendor));
    Path copy = directory.resolve("copy");
    output(0, "cp -r /sys/kernel/iommu_groups '" + copy + "'");
    assertEquals("DMA\n", Files.readString(copy.resolve("1/type")));
    assertEquals(
        List.of("iommu_groups/1/devices/" + EDU),
        output(0, "tar -C /sys/kernel -c iommu_groups/1/devices 2>&1 | tar -t | grep " + EDU));
    assertEquals(
        List.of("there"),
        output(0, "test -e " + vendor + " && test ! -e " + vendor + "s && echo there"));
  }

  @Test
  void lspciReadsRegisters() throws IOException {
    needs("lspci");
    List<String> edu = output(0, "lspci -vvv -nn -D -s " + EDU + " 2>/dev/null");
    assertEquals(EDU + " Unclassified device [00ff]: Device [1234:11e8] (rev 10)", edu.getFirst());
    assertTrue(edu.contains("\tIOMMU group: 1"), edu::toString);
    assertTrue(
        edu.contains("\tRegion 0: Memory at fe700000 (32-bit, non-prefetchable) [size=1M]"),
        edu::toString);
    assertTrue(
        edu.contains("\tCapabilities: [40] MSI: Enable- Count=1/1 Maskable- 64bit+"),
        edu::toString);
    List<String> all = output(0, "lspci -D -k 2>/dev/null");
    assertTrue(all.contains("\tKernel driver in use: ahci"), all::toString);
    assertEquals(
        FUNCTIONS,
        all.stream()
            .filter(line -> !line.startsWith("\t"))
            .map(line -> line.substring(0, 12))
            .toList());
  }

  @Test
  void aShellScriptChangesDrivers() throws IOException {
    needs("bash");
    String script = programs.resource("driver.sh").toString();
    String error = script + ": line %d: ";
    String echo = error + "echo: write error: %s";
    assertEquals(
        Stream.of(
                "override (null)",
                "driver vfio-pci node vfio0",
                "a node",
                echo.formatted(11, "Device or resource busy"),
                "bind again: 1",
                echo.formatted(12, "No such device"),
                "bind nothing: 1",
                "no driver",
                "override (null)",
                error.formatted(17) + "/sys/bus/pci/devices/" + EDU + "/vendor: Permission denied",
                "read-only: 1",
                error.formatted(18) + "/sys/bus/pci/devices/" + EDU + "/nothing: Permission denied",
                "nothing: 1",
                "in /sys/bus/pci/devices/%1$s, %2$s%1$s: 0x1234".formatted(EDU, PLACE),
                "0000:00:00.0 0x060000",
                "0000:00:08.0 0x00ff00",
                "0000:00:08.1 0x00ff00",
                "0000:00:1f.0 0x060100",
                "0000:00:1f.2 0x010601",
                "0000:00:1f.3 0x0c0500",
                "cannot create directory 'here': Operation not permitted",
                "/")
            .toList(),
        output(0, "bash '" + script + "' " + EDU));
  }

  @Test
  void pythonUsesDescriptorsOfDirectories() throws IOException {
    needs("python3");
    assertEquals(
        List.of(
            "True",
            "True",
            "4096",
            "/sys/bus/pci/devices True",
            PLACE + "0000:00:00.0 0x8086",
            "True",
            "/dev/iommu 10",
            "[Errno 13] Permission denied: 'vendor'"),
        output(0, "python3 '" + programs.resource("machine.py") + "'"));
  }

  private static List<String> machine() {
    return Stream.concat(FUNCTIONS.stream().map(PLACE::concat), Stream.of("IOAS 1 0")).toList();
  }

  @Test
  void aRustProgramListsTheMachine() throws Exception {
    needs("rustc");
    Path program = directory.resolve("rust");
    assumeTrue(
        programs.succeeds(
            "rustc", "-o", program.toString(), programs.resource("machine.rs").toString()),
        "rustc does not compile");
    assertEquals(machine(), output(0, program.toString()));
  }

  @Test
  void aStaticGoProgramListsTheMachine() throws Exception {
    Path go =
        Stream.of("/usr/bin/go", "/usr/lib/go/bin/go", "/usr/lib/go-1.19/bin/go")
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    assumeTrue(go != null, "go is not installed");
    Path program = directory.resolve("static-go");
    assumeTrue(
        programs.succeeds(
            "env",
            "CGO_ENABLED=0",
            "GOFLAGS=-mod=mod",
            "GOCACHE=" + directory.resolve("go-cache"),
            String.valueOf(go),
            "build",
            "-o",
            program.toString(),
            programs.resource("machine.go").toString()),
        "go does not compile");
    assertEquals(machine(), output(0, program.toString()));
  }
}
