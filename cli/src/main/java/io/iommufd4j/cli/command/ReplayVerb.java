// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.exec.record.BadRecordingException;
import io.iommufd4j.exec.record.Recording;
import io.iommufd4j.exec.record.RecordingHeader;
import io.iommufd4j.exec.record.RecordingReader;
import io.iommufd4j.exec.replay.Replay;
import io.iommufd4j.exec.replay.ReplayDifference;
import io.iommufd4j.kernel.Kernel;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code replay}. */
@Command(
    name = "replay",
    addMethodSubcommands = false,
    description = {
      "Plays a recording on a simulated kernel, or on this host's own, and tells the"
          + " first difference.",
      "The recording is one of trace or of sim exec. Its opens, requests, transfers and"
          + " mappings are made again, with ids, descriptors and addresses as they are there;"
          + " errno, results and what the kernel wrote back are compared.",
      "--machine names the simulated machine (default: the recorded one), which runs the"
          + " recorded release. With --backend native the devices have to be vfio-pci's already,"
          + " and writes to sysfs are left out.",
      "Exits with 0 when nothing differs; 5 at the first difference, told with line,"
          + " call, field and both values; 2 for a file that is no recording, with the line at"
          + " fault."
    })
public final class ReplayVerb implements Callable<Integer> {

  private final Invocation invocation;

  @Parameters(paramLabel = "FILE", description = "The recording.")
  String file = "";

  /** For an invocation. */
  public ReplayVerb(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    Recording recording = read();
    RecordingHeader header = recording.header();
    try (Kernel kernel = invocation.openFor(header.machine(), header.release())) {
      Optional<ReplayDifference> difference = new Replay(kernel).play(recording);
      if (difference.isPresent()) {
        invocation.terminal().out().println(file + ": " + difference.get());
        return ExitCode.DIFFERENT;
      }
      PrintStream out = invocation.terminal().out();
      out.println(
          file
              + ": "
              + recording.events().size()
              + " events of "
              + header.kernel()
              + " Linux "
              + header.release()
              + ": no difference on "
              + kernel.identity());
      return ExitCode.OK;
    }
  }

  private Recording read() {
    try (var lines = Files.newBufferedReader(Path.of(file))) {
      return RecordingReader.read(lines);
    } catch (BadRecordingException bad) {
      throw new UsageException(file + ": " + bad.getMessage());
    } catch (NoSuchFileException none) {
      throw new UsageException("there is no file '" + file + "'");
    } catch (MalformedInputException binary) {
      throw new UsageException(file + ": is no text in UTF-8");
    } catch (IOException | InvalidPathException unreadable) {
      throw new UsageException("cannot read '" + file + "': " + unreadable.getMessage());
    }
  }
}
