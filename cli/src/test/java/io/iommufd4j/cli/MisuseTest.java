// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.run.CliError;
import io.iommufd4j.cli.run.Invocation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Bad input gets one clear line and its exit code. */
final class MisuseTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | frobnicate                                   | frobnicate",
        "2 | --sim device                                 | Missing required subcommand",
        "2 | --sim device show                            | DEVICE",
        "2 | --sim device show nonsense                   | 'nonsense' is not a PCI address",
        "2 | --sim device show 02:01                      | '02:01' is not a PCI address",
        "2 | --sim device show 0000:02:01.8               | function 8 is not within 0..7",
        "2 | --sim device show 0000:02:20.0               | device 20 is not within 0..1f",
        "2 | --sim device show /tmp                       | '/tmp' names no device",
        "1 | --sim device show 0000:7f:00.0               | ENODEV",
        "1 | --sim device show /dev/vfio/devices/vfio9    | ENODEV",
        "2 | --sim group show x                           | wants a whole number",
        "2 | --sim group show -1                          | -1",
        "1 | --sim group show 4711                        | ENOENT",
        "2 | --sim device list -o yaml                    | yaml",
        "2 | --backend xen device list                    | xen",
        "2 | --backend native --sim device list           | exclude each other",
        "2 | --machine bridge device list                 | add --sim",
        "2 | --attach s --machine bridge device list      | leave --machine out",
        "2 | --attach s --backend native device list      | not --backend native",
        "2 | --attach s sim exec --listen t -- true       | exclude each other",
        "2 | --attach s device list                       | within another program",
        "3 | sim exec --attach /no/such/socket -- true    | no simulated kernel is offered there",
        "2 | --sim --machine moon device list             | no machine 'moon'",
        "2 | --sim --machine single:moon device list      | no IOMMU 'moon'",
        "2 | --sim device-replace                         | DEVICE",
        "2 | --sim device-replace 02:01.0 --repeat many   | 'many'",
        "2 | --sim device-replace 02:01.0 --repeat -1     | not -1",
        "2 | --sim device-replace 02:01.0 --repeat 99999999999 | 99999999999",
        "2 | --sim device-replace 02:01.0 --target old    | new-ioas, same-ioas, auto",
        "2 | --sim device-replace 02:01.0 02:02.0         | 02:02.0",
        "1 | --sim device-replace 0000:7f:00.0            | ENODEV",
        "3 | --sim device-replace 00:19.0 --prove-dma     | leave --prove-dma out",
        "2 | --sim device-replace 00:19.0                 | agree with --yes",
        "2 | --sim device-replace 02:01.0 --vf-token foo  | wants a UUID, as 83f89b3a-",
        "2 | --sim device-replace 02:01.0 --vf-token 1-1-1-1-1 | not '1-1-1-1-1'",
        "2 | --sim bench                                  | DEVICE",
        "2 | --sim bench 02:01.0 --count 0                | 1 to 1000000 areas, not 0",
        "2 | --sim bench 02:01.0 --count 1000001          | not 1000001",
        "2 | --sim bench 02:01.0 --count ten              | 'ten'",
        "2 | --sim bench 02:01.0 --size 5K                | wants a power of two, as 4K or 2M, not '5K'",
        "2 | --sim bench 02:01.0 --size 2K                | --size takes 4K to 1G, not 2K",
        "2 | --sim bench 02:01.0 --size 4G                | not 4G",
        "2 | --sim bench 02:01.0 --ways remap             | unmap-map, detach-attach, replace",
        "2 | --sim bench 02:01.0 --seconds 0              | 0.01 to 3600, not 0",
        "2 | --sim bench 02:01.0 --seconds 1e9            | not 1E+9",
        "2 | --sim bench 02:01.0 --seconds long           | 'long'",
        "2 | --sim bench 02:01.0 --hgrm /no/such/directory/f | /no/such/directory/f",
        "2 | --sim bench 00:19.0                          | agree with --yes",
        "1 | --sim bench 0000:7f:00.0                     | ENODEV",
        "2 | --sim device lst                             | did you mean 'list'?",
        "2 | --sim device ls                              | did you mean 'list'?",
        "2 | --sim devcie list                            | did you mean 'device'?",
        "2 | --sim device replace 02:01.0                 | did you mean 'device-replace'?",
        "2 | --sim list                                   | did you mean 'device list' or 'group list' or 'machine list'?",
        "2 | --sim device-replace 02:01.0 --dryrun        | did you mean '--dry-run'?",
        "2 | --sim device-replace 02:01.0 --repaet=3      | did you mean '--repeat'?",
        "2 | --sim device list --ouptut json              | did you mean '--output'?",
        "2 | --sim --trace=/no/such/directory/f doctor    | /no/such/directory/f",
        "2 | sim exec --trace=/no/such/directory/f -- true | /no/such/directory/f",
        "2 | sim exec --record /no/such/directory/f -- true | /no/such/directory/f",
        "2 | --attach s sim exec --record t -- true       | of the sim exec that has the kernel",
        "2 | --attach s sim exec --faults t -- true       | of the sim exec that has the kernel",
        "2 | --attach s --trace sim exec -- true          | of the sim exec that has the kernel",
        "2 | sim exec --faults often -- true              | 'often' is no fault: one reads 'the 2nd IOMMU_IOAS_MAP",
      })
  void oneLineAndItsExitCode(int exitCode, String line, String told) {
    CommandRun run = CommandRun.of(line.split(" "));
    assertEquals(exitCode, run.exitCode(), run.err());
    assertEquals(1, run.errors().size(), run.err());
    assertTrue(run.err().startsWith("iommufdctl: "), run.err());
    assertTrue(run.err().contains(told), run.err());
    assertFalse(run.err().contains("Exception"), run.err());
  }

  @Test
  void nothingIsSuggestedThatIsFarOff() {
    assertFalse(CommandRun.of("frobnicate").err().contains("did you mean"));
    assertFalse(CommandRun.of("device", "list", "--frobnicate").err().contains("did you mean"));
  }

  /** Every value of every option, so that a new one cannot leak how Java names things either. */
  @Test
  void aWrongValueIsRefusedInPlainWords() {
    int tried = 0;
    for (CommandSpec verb : Verbs.all()) {
      for (ArgSpec argument : verb.args()) {
        if (argument.type() == String.class || argument.typeInfo().isCollection()) {
          continue;
        }
        var line = new ArrayList<String>(List.of("--sim"));
        line.addAll(Verbs.words(verb));
        if (argument instanceof OptionSpec option) {
          line.add(option.longestName() + "=~!");
        } else {
          line.add("~!");
        }
        CommandRun run = CommandRun.of(line.toArray(String[]::new));
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().contains("~!"), run.err());
        assertFalse(run.err().matches("(?s).*(java\\.|Exception|convert|\\bint\\b).*"), run.err());
        tried++;
      }
    }
    assertTrue(tried > 20, "options that are not texts: " + tried);
  }

  @ParameterizedTest
  @CsvSource({
    "2, --sim device show nonsense",
    "2, --sim group show x",
    "1, --sim device show 0000:7f:00.0",
    "3, --sim device-replace 00:19.0 --prove-dma",
  })
  void aFailureIsADocumentToo(int exitCode, String line) {
    for (String json : new String[] {" -o json", " -ojson", " --output=json", " -o=JSON"}) {
      CommandRun run = CommandRun.of((line + json).split(" "));
      assertEquals(exitCode, run.exitCode());
      assertEquals(1, run.json("schema"));
      assertEquals(exitCode, run.json("error", "exit_code"));
      assertTrue(run.json().containsKey("kernel"), run.out());
      assertTrue(run.err().contains((String) run.json("error", "message")), run.err());
      assertEquals(1, run.errors().size(), run.err());
    }
  }

  @Test
  void anErrnoIsAFieldOfItsOwn() {
    CommandRun run = CommandRun.of("--sim", "device", "show", "0000:7f:00.0", "-o", "json");
    assertEquals("ENODEV", run.json("error", "errno"));
    assertEquals("sim", run.json("kernel", "backend"));
  }

  private static Stream<String> helps() {
    return Verbs.all().stream()
        .map(Invocation::commandName)
        .flatMap(verb -> Stream.of(verb + " --help", verb + " -h"))
        .map(String::strip);
  }

  @ParameterizedTest
  @MethodSource("helps")
  void helpListsExitCodes(String line) {
    CommandRun run = CommandRun.of(line.split(" "));
    assertEquals(0, run.exitCode());
    assertEquals("", run.err());
    for (String code :
        new String[] {
          "0   ok",
          "1   the kernel",
          "2   usage",
          "3   not",
          "4   not agreed",
          "70   a",
          "130   Ctrl-C",
          "141   nobody"
        }) {
      assertTrue(run.out().contains(code), run.out());
    }
    assertTrue(run.out().contains("Only json is stable"), run.out());
  }

  @Test
  void theVersionIsOneLine() {
    CommandRun run = CommandRun.of("--version");
    assertEquals(0, run.exitCode());
    assertTrue(run.out().startsWith("iommufdctl "), run.out());
    assertEquals(1, run.out().lines().count());
  }

  @Test
  void optionsStandBeforeOrAfterTheVerb() {
    CommandRun before = CommandRun.of("-o", "json", "--sim", "device", "list");
    CommandRun between = CommandRun.of("--sim", "device", "-o", "json", "list");
    CommandRun after = CommandRun.of("device", "list", "-o", "json", "--backend=SIM");
    assertEquals(before, between);
    assertEquals(before, after);
    assertEquals(1, before.json("schema"));
  }

  @Test
  void traceTakesNoDeviceForAFile(@TempDir Path directory) {
    CommandRun toErr = CommandRun.of("device-replace", "--sim", "--trace", "02:01.0");
    assertEquals(0, toErr.exitCode(), toErr.err());
    assertTrue(toErr.err().contains("VFIO_DEVICE_ATTACH_IOMMUFD_PT("), toErr.err());

    Path file = directory.resolve("trace");
    CommandRun toFile = CommandRun.of("--trace=" + file, "--sim", "device-replace", "02:01.0");
    assertEquals(0, toFile.exitCode(), toFile.err());
    assertEquals("", toFile.err());
    assertTrue(file.toFile().length() > 0);
  }

  @Test
  void aBugIsAdmitted() {
    CliError error = CliError.of(new IllegalStateException("two\nlines"));
    assertEquals(70, error.exitCode());
    assertEquals(1, error.message().lines().count());
    assertTrue(error.message().contains("report"), error.message());
  }
}
