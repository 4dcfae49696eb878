// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs that are brought to a kernel while another one runs there. */
@Timeout(120)
class AttachTest {

  private static final String OVERRIDE = "/sys/bus/pci/devices/0000:02:01.0/driver_override";

  @TempDir Path directory;

  private final SimKernel kernel = SimKernel.create();
  private CompiledPrograms programs;
  private Path socket;
  private Path over;

  @BeforeEach
  void findsACompiler() throws Exception {
    programs = new CompiledPrograms(directory);
    CompiledPrograms.run(kernel, "true");
    socket = directory.resolve("socket");
    over = directory.resolve("over");
  }

  @AfterEach
  void nothingIsLeft() {
    var census = kernel.control().census();
    kernel.close();
    assertEquals(0, census.contexts(), "contexts");
    assertEquals(0, census.openFiles(), "open files");
  }

  /** A program that runs until there is a file. */
  private List<String> until(Path file) {
    return List.of("sh", "-c", "until [ -e '%s' ]; do sleep 0.02; done".formatted(file));
  }

  private CompletableFuture<Integer> offer(List<String> command) throws Exception {
    var run = new ProgramRun(kernel, System.err).offerAt(socket);
    CompletableFuture<Integer> status = start(() -> run.run(command));
    await(socket, status);
    return status;
  }

  private static CompletableFuture<Integer> start(Supplier<Integer> work) {
    return CompletableFuture.supplyAsync(work, task -> Thread.ofPlatform().daemon().start(task));
  }

  private static void await(Path file, CompletableFuture<Integer> running) throws Exception {
    while (Files.notExists(file)) {
      assertFalse(running.isDone(), "it runs");
      Thread.sleep(10);
    }
  }

  private void end(CompletableFuture<Integer> running) throws Exception {
    Files.createFile(over);
    assertEquals(0, running.get());
  }

  private int attach(String... command) {
    return new AttachedRun(socket).run(List.of(command));
  }

  private static Process start(List<String> supervisor, String... command) throws IOException {
    var words = new ArrayList<String>(supervisor);
    words.addAll(List.of(command));
    return new ProcessBuilder(words).inheritIO().start();
  }

  private static ProcessHandle told(Path file, Process supervisor) throws Exception {
    while (Files.notExists(file) || Files.readString(file).isBlank()) {
      assertTrue(supervisor.isAlive(), "the supervisor runs");
      Thread.sleep(20);
    }
    return ProcessHandle.of(Long.parseLong(Files.readString(file).strip())).orElseThrow();
  }

  @Test
  void programsOfSeveralSupervisorsShareTheKernel() throws Exception {
    CompletableFuture<Integer> running = offer(until(over));
    assertEquals(0, attach("sh", "-c", "echo vfio-pci >" + OVERRIDE));
    assertEquals(0, attach("grep", "-q", "vfio-pci", OVERRIDE));
    assertEquals(7, attach(programs.compile("ioas")));
    assertEquals(128 + 9, attach("sh", "-c", "kill -9 $$"));
    end(running);
  }

  @Test
  void theSocketIsItsUsersAndGoesWithTheKernel() throws Exception {
    CompletableFuture<Integer> running = offer(until(over));
    assertEquals(0, attach("true"));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    end(running);
    assertTrue(Files.notExists(socket));
    var refused = assertThrows(NotStartedException.class, () -> attach("true"));
    assertEquals(
        socket + ": no simulated kernel is offered there: No such file or directory",
        refused.getMessage());
  }

  @Test
  void aSocketThatNobodyListensAtIsReplaced() throws Exception {
    try (var stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stale.bind(UnixDomainSocketAddress.of(socket));
    }
    var left = assertThrows(NotStartedException.class, () -> attach("true"));
    assertTrue(String.valueOf(left.getMessage()).endsWith("Connection refused"));
    assertEquals(0, new ProgramRun(kernel, System.err).offerAt(socket).run(List.of("true")));
    assertTrue(Files.notExists(socket));
  }

  @Test
  void anotherFileOrKernelIsLeftAlone() throws Exception {
    Files.writeString(over, "text");
    assertRefused(over, over + " is there already, and is no socket");
    assertEquals("text", Files.readString(over));
    Files.delete(over);
    CompletableFuture<Integer> running = offer(until(over));
    assertEquals(0, attach("true"));
    assertRefused(socket, socket + " is in use: another kernel is offered there");
    assertEquals(0, attach("true"));
    end(running);
  }

  private void assertRefused(Path where, String reason) {
    var run = new ProgramRun(kernel, System.err).offerAt(where);
    var refused = assertThrows(NotStartedException.class, () -> run.run(List.of("true")));
    assertEquals(reason, refused.getMessage());
  }

  @Test
  void aProgramThatIsNotThereIsNotStarted() throws Exception {
    CompletableFuture<Integer> running = offer(until(over));
    var refused = assertThrows(NotStartedException.class, () -> attach("/no/such/program"));
    assertEquals("/no/such/program: ENOENT", refused.getMessage());
    end(running);
  }

  @Test
  void whatIsAttachedEndsWithTheKernel() throws Exception {
    Path begun = directory.resolve("begun");
    Path deaf = directory.resolve("deaf");
    CompletableFuture<Integer> running = offer(until(over));
    CompletableFuture<Integer> told =
        start(() ->
            attach(
                "sh", "-c", "trap 'exit 5' TERM; >'" + begun + "'; while :; do sleep 0.1; done"));
    CompletableFuture<Integer> killed =
        start(() -> attach("sh", "-c", "trap '' TERM; >'" + deaf + "'; while :; do sleep 1; done"));
    await(begun, told);
    await(deaf, killed);
    end(running);
    assertEquals(5, told.get());
    assertEquals(128 + 9, killed.get());
  }

  @Test
  void whatAnAttachedProgramLeavesRunningKeepsTheKernel() throws Exception {
    Path left = directory.resolve("left");
    CompletableFuture<Integer> running = offer(until(over));
    assertEquals(
        0, attach("sh", "-c", "{ sleep 1.5; ls /sys/kernel/iommu_groups >'" + left + "'; } &"));
    while (Files.notExists(left) || Files.size(left) == 0) {
      Thread.sleep(20);
    }
    end(running);
  }

  @Test
  void aKilledSupervisorTakesItsProgramsAlong() throws Exception {
    Path pid = directory.resolve("pid");
    CompletableFuture<Integer> running = offer(until(over));
    Process supervisor =
        start(RunAProgram.words("-Dattach=" + socket), programs.compile("waiting"), pid.toString());
    ProcessHandle waiting = told(pid, supervisor);
    supervisor.destroyForcibly().waitFor();
    waiting.onExit().get(60, TimeUnit.SECONDS);
    assertEquals(7, attach(programs.compile("ioas")));
    end(running);
  }

  @Test
  void aKilledOwnerTakesAllProgramsAlong() throws Exception {
    Path pid = directory.resolve("pid");
    Path other = directory.resolve("other");
    String waiting = programs.compile("waiting");
    Process owner = start(RunAProgram.words("-Doffer=" + socket), waiting, pid.toString());
    ProcessHandle first = told(pid, owner);
    Process attached = start(RunAProgram.words("-Dattach=" + socket), waiting, other.toString());
    ProcessHandle second = told(other, attached);
    owner.destroyForcibly().waitFor();
    first.onExit().get(60, TimeUnit.SECONDS);
    second.onExit().get(60, TimeUnit.SECONDS);
    assertTrue(attached.waitFor(60, TimeUnit.SECONDS), "the other supervisor ends, too");
    assertTrue(Files.exists(socket));
    assertEquals(0, new ProgramRun(kernel, System.err).offerAt(socket).run(List.of("true")));
  }

  @Test
  void aLimitThatLeavesNoRoomIsTold() throws Exception {
    CompletableFuture<Integer> running = offer(until(over));
    var words = new ArrayList<String>(List.of("sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"));
    words.addAll(RunAProgram.words("-Dattach=" + socket));
    words.add("true");
    Path told = directory.resolve("told");
    Process refused = new ProcessBuilder(words).redirectError(told.toFile()).start();
    assertEquals(3, refused.waitFor());
    assertEquals(
        "programs may have 256 descriptors here, and the kernel gives those of its files from 512"
            + " on: raise RLIMIT_NOFILE (ulimit -n), or lower it where the kernel is",
        Files.readString(told).strip());
    end(running);
  }

  @Test
  void aStrangerOnTheSocketIsIgnored() throws Exception {
    CompletableFuture<Integer> running = offer(until(over));
    for (String words : List.of("", "what\n", "supervise 1 x\n", "supervise 0 0\n")) {
      say(words);
    }
    // No listener.
    String answer = say("supervise %d 0\n".formatted(ProcessHandle.current().pid()));
    assertTrue(answer.contains("\nrefused "), answer);
    assertEquals(0, attach("true"));
    end(running);
  }

  private String say(String words) throws IOException {
    try (var stranger = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      stranger.write(ByteBuffer.wrap(words.getBytes(StandardCharsets.UTF_8)));
      stranger.shutdownOutput();
      return new String(Channels.newInputStream(stranger).readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
