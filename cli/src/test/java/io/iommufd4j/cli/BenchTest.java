// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.run.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** {@code bench} on simulated machines. */
final class BenchTest {

  private static CommandRun bench(String line) {
    return CommandRun.of(("--sim bench --seconds 0.05 " + line).split(" "));
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static Map<?, ?> map(Object json) {
    return (Map<?, ?>) json;
  }

  private static Object at(Map<?, ?> json, String key) {
    return Objects.requireNonNull(json.get(key), key);
  }

  private static Map<?, ?> map(Map<?, ?> json, String key) {
    return map(at(json, key));
  }

  private static List<?> list(Map<?, ?> json, String key) {
    return (List<?>) at(json, key);
  }

  private static long number(Map<?, ?> json, String key) {
    return ((Number) at(json, key)).longValue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"vtd", "amd", "virtio", "smmuv3"})
  void dmaArrivesAgainAfterEachWay(String iommu) throws Exception {
    CommandRun run = bench("--machine single:" + iommu + " 00:08.0 --count 50 -o json");
    assertEquals(0, run.exitCode(), run.err());
    Map<?, ?> one = map(run.list("cases").getFirst());
    assertEquals(50, one.get("areas"));
    assertEquals(0, map(one, "quiet").get("lost"), "without a switch nothing is lost");
    List<?> ways = list(one, "ways");
    assertEquals(
        List.of("unmap-map", "detach-attach", "replace"),
        ways.stream().map(way -> map(way).get("way")).toList());
    for (Object each : ways) {
      Map<?, ?> way = map(each);
      Map<?, ?> single = map(way, "single");
      assertTrue(number(single, "arrived") > 0, way.toString());
      assertEquals(0, single.get("wrong"));
      assertEquals(0, map(way, "back_to_back").get("wrong"));
      byte[] encoded = Base64.getDecoder().decode((String) at(way, "histogram"));
      Histogram nanos = Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(encoded), 0);
      assertEquals(number(way, "switches"), nanos.getTotalCount());
    }
  }

  @Test
  void eachSizeIsMeasuredWithEachCount() {
    CommandRun run = bench("02:01.0 --count 1,3 --size 4K,2M --ways replace -o json");
    assertEquals(0, run.exitCode(), run.err());
    assertEquals(
        List.of("1 4096", "3 4096", "1 2097152", "3 2097152"),
        run.list("cases").stream()
            .map(each -> map(each).get("areas") + " " + map(each).get("area_bytes"))
            .toList());
  }

  @Test
  void theTextHasATableAndHistograms() {
    CommandRun run = bench("02:01.0 --count 2 --ways detach-attach");
    assertEquals(0, run.exitCode(), run.err());
    assertEquals("", run.err());
    assertTrue(run.out().contains("2 areas of 4K, mapped in "), run.out());
    assertTrue(run.out().contains("DMA lost"), run.out());
    assertTrue(run.out().lines().anyMatch(line -> line.matches(".* %  #+")), run.out());
    assertFalse(run.out().contains("unmap all"), run.out());
  }

  @Test
  void aDeviceWithoutAKnownEngineIsTimedAlone() {
    CommandRun run = bench("00:19.0 --yes --count 2 --ways replace -o json");
    assertEquals(0, run.exitCode(), run.err());
    Map<?, ?> one = map(run.list("cases").getFirst());
    assertNull(one.get("quiet"));
    Map<?, ?> way = map(list(one, "ways").getFirst());
    assertNull(way.get("back_to_back"));
    assertTrue(number(way, "median_ns") > 0);
  }

  @Test
  void moreAreasThanThereIsRoomForAreALimit(@TempDir Path directory) {
    Path file = directory.resolve("x.svg");
    CommandRun run =
        bench(
            "--machine single:vtd 00:08.0 --count 1000000 --size 1G --ways replace -o json --svg "
                + file);
    assertEquals(1, run.exitCode());
    assertEquals(1, run.errors().size(), run.err());
    assertTrue(run.err().contains("1000000 areas of 1G: the IOVAs have room for "), run.err());
    Map<?, ?> one = map(run.list("cases").getFirst());
    assertTrue(number(map(one, "limit"), "placed") > 0);
    assertEquals(List.of(), one.get("ways"));
    assertFalse(Files.exists(file), "nothing to draw");
  }

  @Test
  void percentilesAreWritten(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("x.hgrm");
    CommandRun run = bench("02:01.0 --count 2 --size 2M --ways replace --hgrm " + file);
    assertEquals(0, run.exitCode(), run.err());
    String text = Files.readString(directory.resolve("x-replace-2x2M.hgrm"));
    assertTrue(text.contains("TotalCount"), text);
    assertTrue(text.contains("#[Mean"), text);
  }

  @Test
  void timesAreDrawn(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("x.svg");
    CommandRun run = bench("02:01.0 --count 1,20 --size 4K,2M --svg " + file);
    assertEquals(0, run.exitCode(), run.err());
    assertEquals("", run.err());
    var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
    assertEquals("svg", document.getDocumentElement().getTagName());
    NodeList texts = document.getElementsByTagName("text");
    List<String> words =
        IntStream.range(0, texts.getLength())
            .mapToObj(i -> texts.item(i).getTextContent().strip())
            .toList();
    assertTrue(
        words.stream()
            .anyMatch(text -> text.matches("Switches of 0000:02:01.0 by simulated Linux .*")),
        words.toString());
    // Columns, rows, axes and lines.
    var wanted =
        List.of(
            "1 areas",
            "20 areas",
            "4 KiB each",
            "2,048 KiB each",
            "percentile",
            "99%",
            "microseconds a switch",
            "unmap all, map all",
            "detach + attach",
            "replace");
    assertTrue(words.containsAll(wanted), words.toString());
    NodeList paths = document.getElementsByTagName("path");
    long lines =
        IntStream.range(0, paths.getLength())
            .mapToObj(i -> (Element) paths.item(i))
            .filter(path -> path.getAttribute("fill").equals("none"))
            .count();
    assertEquals(2 * 2 * 3, lines, "a line for each way in each panel");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--svg", "--hgrm"})
  void filesThatCannotBeWrittenAreRefusedBeforeTheRun(String option, @TempDir Path directory) {
    CommandRun run = bench("02:01.0 " + option + " " + directory.resolve("none/x"));
    assertEquals(2, run.exitCode());
    assertTrue(run.err().contains(option + " cannot be written: no such "), run.err());
    assertEquals("", run.out());
  }

  @Test
  void somebodyAtTheTerminalSeesHowFarItIs() {
    CommandRun run =
        CommandRun.at(
            Map.of(), "--sim", "bench", "02:01.0", "--seconds=0.05", "--count=2", "--ways=replace");
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.err().contains("bench"), run.err());
    assertTrue(run.err().contains("40%"), run.err());
  }

  @Test
  void stoppedItShowsWhatIsMeasuredAndGivesTheDeviceBack() throws Exception {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var interruption = new Interruption();
    var terminal = Terminal.ofStreams(stream(out), stream(err));
    String[] line = "--sim bench 02:01.0 --count 2 --seconds 3600".split(" ");
    var exitCode = new FutureTask<>(() -> Main.run(line, terminal, interruption));
    Thread.ofPlatform().start(exitCode);
    while (!out.toString(StandardCharsets.UTF_8).contains("areas")) {
      Thread.sleep(10);
    }
    Thread.sleep(300);
    interruption.stop();
    assertEquals(130, exitCode.get());
    assertEquals(
        "iommufdctl: stopped; the host is as it was found",
        err.toString(StandardCharsets.UTF_8).strip());
  }
}
